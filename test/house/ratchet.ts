/**
 * Files and functions stay short. What is longer is listed in ratchet.json with its length; the list may only
 * shrink: nothing new goes in, and what got shorter is written down, so that it can not grow back.
 */
import { z } from 'zod';
import { functionsOf } from './functions.ts';
import type { Rule } from './rule.ts';
import { lengths } from './rules.ts';
import { isCode, isTest, type Source, type Violation } from './source.ts';

const ratchetFile = 'test/house/ratchet.json';

/** Path, or path#function → length in lines. */
const ratchetSchema = z.strictObject({
  files: z.record(z.string(), z.number()),
  functions: z.record(z.string(), z.number()),
});

interface Measured {
  readonly path: string;
  readonly line: number;
  readonly lines: number;
}

export const ratchet: Rule = {
  name: `no file over ${lengths.file} lines, no function over ${lengths.function}, but for a list that only shrinks`,
  why: 'a reader keeps one screen in mind',
  check(files) {
    const listed = ratchetSchema.parse(
      JSON.parse(files.find(({ path }) => path === ratchetFile)?.text ?? '{"files":{},"functions":{}}'),
    );
    const code = files.filter(({ path }) => isCode(path));
    return [
      ...compare(new Map(code.map(measureFile)), listed.files, lengths.file),
      ...compare(
        longestFunctions(code.filter(({ path }) => !isTest(path))),
        listed.functions,
        lengths.function,
      ),
    ];
  },
  keeps: [
    { 'src/a.ts': lines(lengths.file), [ratchetFile]: '{"files":{},"functions":{}}' },
    { 'src/a.ts': lines(450), [ratchetFile]: '{"files":{"src/a.ts":450},"functions":{}}' },
    {
      'src/a.ts': `function f() {${lines(80)}}`,
      [ratchetFile]: '{"files":{},"functions":{"src/a.ts#f":80}}',
    },
    // What is nested counts for itself: a factory is as long as its own lines.
    { 'src/a.ts': `function f() {${lines(40)}\nfunction g() {${lines(60)}}\n}` },
    { 'src/a.test.ts': `describe('a', () => {${lines(90)}});` },
  ],
  breaks: [
    { files: { 'src/a.ts': lines(lengths.file + 1) }, at: ['src/a.ts:1'] },
    {
      files: { 'src/a.ts': lines(451), [ratchetFile]: '{"files":{"src/a.ts":450},"functions":{}}' },
      at: ['src/a.ts:1'],
    },
    {
      files: { 'src/a.ts': lines(449), [ratchetFile]: '{"files":{"src/a.ts":450},"functions":{}}' },
      at: ['src/a.ts:1'],
    },
    {
      files: { 'src/a.ts': '', [ratchetFile]: '{"files":{"src/a.ts":450},"functions":{}}' },
      at: ['src/a.ts:1'],
    },
    { files: { [ratchetFile]: '{"files":{"src/gone.ts":450},"functions":{}}' }, at: ['src/gone.ts:1'] },
    { files: { 'src/a.ts': `\nfunction f() {${lines(71)}}` }, at: ['src/a.ts:2'] },
    {
      files: {
        'src/a.ts': `const o = {\n  async f<T>({ a }: { a: T }): Promise<{ b: T }> {${lines(71)}},\n};`,
      },
      at: ['src/a.ts:2'],
    },
    { files: { 'src/a.ts': `items.map((item) => {${lines(71)}});` }, at: ['src/a.ts:1'] },
  ],
};

function compare(
  measured: ReadonlyMap<string, Measured>,
  listed: Readonly<Record<string, number>>,
  limit: number,
): Violation[] {
  const gone = Object.keys(listed).filter((name) => !measured.has(name));
  return [
    ...gone.map((name) => ({
      path: name.split('#')[0]!,
      line: 1,
      message: `is gone: take ${name} out of ${ratchetFile}`,
    })),
    ...[...measured].flatMap(([name, { path, line, lines }]) => {
      const message = objection(name, lines, listed[name], limit);
      return message ? [{ path, line, message }] : [];
    }),
  ];
}

function objection(
  name: string,
  lines: number,
  listed: number | undefined,
  limit: number,
): string | undefined {
  if (listed === undefined)
    return lines > limit ? `${name} has ${lines} lines, the limit is ${limit}` : undefined;
  if (lines <= limit) return `${name} is within the limit now: take it out of ${ratchetFile}`;
  if (lines < listed) return `${name} has shrunk to ${lines} lines: write that in ${ratchetFile}`;
  return lines > listed ? `${name} has grown from ${listed} to ${lines} lines` : undefined;
}

function measureFile({ path, text }: Source): [string, Measured] {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return [path, { path, line: 1, lines }];
}

/** Under each name the longest: callbacks share one. Lines of functions within a function are not its own. */
function longestFunctions(files: readonly Source[]): Map<string, Measured> {
  const longest = new Map<string, Measured>();
  for (const file of files) {
    const spans = functionsOf(file);
    for (const span of spans) {
      const inner = spans.filter((other) => other.from > span.from && other.to < span.to);
      const covered = new Set(inner.flatMap((other) => range(other.firstLine, other.lastLine)));
      const lines = range(span.firstLine, span.lastLine).filter((line) => !covered.has(line)).length;
      const name = `${file.path}#${span.name}`;
      if (lines > (longest.get(name)?.lines ?? 0))
        longest.set(name, { path: file.path, line: span.firstLine, lines });
    }
  }
  return longest;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** A text of so many lines, for the samples. */
function lines(count: number): string {
  return Array.from({ length: count }, () => 'x;').join('\n');
}
