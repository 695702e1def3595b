/** The scanner under the rules: what it takes for code decides what they see. */
import { describe, expect, test } from 'bun:test';
import { functionsOf } from './functions.ts';
import { importsOf, packageOf } from './imports.ts';
import { blank, source } from './source.ts';

describe('blanking', () => {
  test.each([
    ['a // b\nc', 'a     \nc'],
    ['a /* b\nc */ d', 'a     \n     d'],
    [`f('x\\'y', "z")`, `f('    ', " ")`],
    ['`a${b + `c${d}`}e`', '` ${b + ` ${d}`} `'],
    ['`a${{ b: 1 }}c`', '` ${{ b: 1 }} `'],
    ['a / b / c', 'a / b / c'],
    ['x = /[/"]\\//g.test(y)', 'x = /      /g.test(y)'],
    ['return /"/.test(a)', 'return / /.test(a)'],
    ['if (a) { b(c) / 2 } // "', 'if (a) { b(c) / 2 }     '],
    ["'//' + x", "'  ' + x"],
  ])('%j', (text, code) => {
    expect(blank(text)).toBe(code);
  });
});

test('imports of every form are found, with their lines', () => {
  const file = source(
    'src/cache/a.ts',
    [
      `import a from './a.ts';`,
      `import type { B } from '../b.ts';`,
      `import {\n  type C,\n} from "../c.ts";`,
      `export * from './d.ts';`,
      `const e = await import('./e.ts');`,
      `type F = import('./f.ts').F;`,
      `import './g.ts';`,
      `import { readFile } from 'node:fs';`,
      `import data from './data.json' with { type: 'json' };`,
      `export const from = 'x'; // import './no.ts'`,
    ].join('\n'),
  );
  expect(importsOf(file).map(({ path, specifier, line }) => `${path ?? specifier}:${line}`)).toEqual([
    'src/cache/a.ts:1',
    'src/b.ts:2',
    'src/c.ts:3',
    'src/cache/d.ts:6',
    'src/cache/e.ts:7',
    'src/cache/f.ts:8',
    'src/cache/g.ts:9',
    'node:fs:10',
    'src/cache/data.json:11',
  ]);
});

test('a package is named without the path into it', () => {
  expect(packageOf('@scope/name/sub/path')).toBe('@scope/name');
  expect(packageOf('yargs/yargs')).toBe('yargs');
  expect(packageOf('node:fs')).toBeUndefined();
  expect(packageOf('./a.ts')).toBeUndefined();
});

test('functions of every form are found, blocks and objects are not', () => {
  const file = source(
    'src/a.ts',
    [
      'export async function one<T extends { a: 1 }>({ a }: { a: T }, b = {}): Promise<{ c: T }> { if (a) { b } }',
      'const two = async (a: string): Promise<void> => { for (const b of c) { d } };',
      'class Three { #x = { y: 1 }; constructor(readonly a: A) { super(); } get four(): number { return 4; } }',
      'const five = { six(a) { return { a }; }, seven: (a) => { b }, *eight() { } };',
      'try { a } catch (e) { b } finally { c }',
      'list.map((x) => { return x; });',
      'interface I { nine(): { a: number } }',
      'switch (a) { case 1: { b } }',
    ].join('\n'),
  );
  expect(functionsOf(file).map(({ name, firstLine }) => `${name}:${firstLine}`)).toEqual([
    'one:1',
    'two:2',
    'constructor:3',
    'four:3',
    'six:4',
    'seven:4',
    'eight:4',
    '(callback):6',
  ]);
});
