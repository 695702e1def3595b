/** Specifiers, by the examples of their specification, and what else `packaging` makes of them. */
import { expect, test } from 'bun:test';
import { readVersion } from '../version.ts';
import { isAllowed, isPinned, namesPrerelease, readSpecifiers } from './specifier.ts';

function allows(text: string, version: string): boolean {
  const [specifiers, read] = [readSpecifiers(text), readVersion(version)];
  if (specifiers === null || read === null) throw new Error(`${text} ${version}`);
  return isAllowed(read, specifiers);
}

test.each([
  ['', '1.0 2.0rc1', ''],
  ['==1.1', '1.1 1.1.0 1.1+local', '1.1.post1 1.1a1 1.1.1'],
  ['==1.1+local', '1.1+local', '1.1 1.1+other'],
  ['==1.1.*', '1.1 1.1.post1 1.1a1 1.1.7', '1.2 1.10 1'],
  ['==1!1.*', '1!1.4', '1.4'],
  ['!=1.1.*', '1.2', '1.1.post1'],
  ['!=1.1', '1.1.post1', '1.1 1.1.0'],
  ['~=2.2', '2.2 2.3 2.99.1', '3.0 2.1 2.2rc1'],
  ['~=2.2.0', '2.2.0 2.2.9', '2.3 2.1'],
  ['~=2.2.post3', '2.2.post3 2.9', '3.0 2.2'],
  ['>1.7', '1.7.1 1.8', '1.7.0.post1 1.7 1.7+local 1.6'],
  ['>1.7.post2', '1.7.1 1.7.0.post3', '1.7.0 1.7.post2'],
  ['<2.0', '1.9 1.9rc1', '2.0rc1 2.0.dev1 2.0'],
  ['<2.0rc1', '2.0b1 1.9', '2.0rc1 2.0'],
  ['>=1.0, <2, !=1.5', '1.0 1.0+local 1.9', '1.5 2.0 0.9'],
  ['<=1.0', '1.0+local 0.9', '1.0.post1'],
  ['===1.0', '1.0', '1.1'],
])('%s', (text, those, others) => {
  const list = (all: string) => all.split(' ').filter(Boolean);
  expect(list(those).filter((version) => !allows(text, version))).toEqual([]);
  expect(list(others).filter((version) => allows(text, version))).toEqual([]);
});

test.each(['1.0', '==', '=>1', '~=1', '>=1.*', '== 1 2', '==one', `==1${',==1'.repeat(500)}`])(
  'what means nothing is refused: %.20s',
  (text) => {
    expect(readSpecifiers(text)).toBeNull();
  },
);

test('a version is pinned by its number alone, and pre-releases are asked for by naming one', () => {
  const read = (text: string) => readSpecifiers(text) ?? [];
  expect(['==1.0', '===1.0', '==1.*', '>=1', ''].map((text) => isPinned(read(text)))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(
    ['>=1.0a1', '==1.0.dev1', '<2.0a1', '!=1.0a1', '>=1'].map((text) => namesPrerelease(read(text))),
  ).toEqual([...[true, true, false, false, false]]);
});
