/** The last line of a CI run is true: nothing that failed is missing from it, and no test is no success. */
import { expect, test } from 'bun:test';
import { summary, tally, worthAnotherRun } from '../../.ci/tally.mjs';

const passing = '\n 3 pass\n 0 fail\n 4 expect() calls\nRan 3 tests across 1 file. [4.00ms]\n';
const mixed = [
  '2 tests failed:',
  '',
  ' 2 pass',
  ' 1 skip',
  ' 1 todo',
  ' 3 fail',
  ' 1 error',
  'snapshots: +1 added',
  ' 9 expect() calls',
  'Ran 7 tests across 3 files. [38.00ms]',
].join('\n');

const ok = { types: 0, lint: 0, tests: 0 };

test('type check and lint count as one check each', () => {
  expect(tally({ ...ok, log: passing })).toEqual({ passed: 5, failed: 0, skipped: 0, flaky: [] });
  expect(tally({ ...ok, types: 2, lint: 1, log: passing })).toEqual({
    passed: 3,
    failed: 2,
    skipped: 0,
    flaky: [],
  });
});

test('failures and skipped tests are counted as Bun counts them, with or without colours', () => {
  const expected = { passed: 4, failed: 3, skipped: 2, flaky: [] };
  expect(tally({ ...ok, tests: 1, log: mixed })).toEqual(expected);
  const coloured = mixed.replaceAll(/^( ?)(\d.*)$/gm, '$1\x1b[0m\x1b[31m$2\x1b[0m');
  expect(tally({ ...ok, tests: 1, log: coloured })).toEqual(expected);
});

test('only the last summary counts: an earlier one is what a test printed', () => {
  expect(tally({ ...ok, log: `${mixed}\n${passing}` })).toEqual({
    passed: 5,
    failed: 0,
    skipped: 0,
    flaky: [],
  });
});

test('a crash, a failing exit without a failing test, and a run of no tests are failures', () => {
  expect(tally({ ...ok, tests: 139, log: 'panic: oh no' }).failed).toBe(1);
  expect(tally({ ...ok, tests: 1, log: passing })).toEqual({ passed: 5, failed: 1, skipped: 0, flaky: [] });
  expect(tally({ ...ok, log: '' }).failed).toBe(1);
});

test('skipped tests are named only where there are some', () => {
  expect(summary({ passed: 5, failed: 0, skipped: 0, flaky: [] })).toBe('5 passed, 0 failed');
  expect(summary({ passed: 5, failed: 1, skipped: 2, flaky: [] })).toBe('5 passed, 1 failed, 2 skipped');
  expect(summary({ passed: 5, failed: 0, skipped: 2, flaky: ['one'] })).toBe(
    '5 passed, 0 failed, 1 flaky, 2 skipped',
  );
});

/** What Bun prints: each file above its tests, and in the end all that failed once more. */
function runOf(files: Readonly<Record<string, readonly string[]>>, passed = 10): string {
  const failures = Object.values(files).flat();
  const shown = Object.entries(files).map(
    ([file, tests]) =>
      `${file}:\n(pass) something else [1.00ms]\n${tests.map((name) => `error: no\n(fail) ${name} [3.00ms]\n`).join('')}`,
  );
  const repeated = failures.map((name) => `(fail) ${name} [3.00ms]\n`).join('');
  const end = `\n ${passed} pass\n ${failures.length} fail\n 9 expect() calls\nRan 9 tests across 3 files. [9.00ms]\n`;
  return `${shown.join('\n')}\n${failures.length} tests failed:\n${repeated}${end}`;
}

const ring = 'test/scenarios/ring.test.ts';
const unit = 'src/cache/fill.test.ts';

test('what fails with real processes is tried once more, and nothing else is', () => {
  const again = (log: string, tests = 1) => worthAnotherRun({ tests, log });
  expect(again(runOf({ [ring]: ['a > b', 'c'], [unit]: ['d'] }))).toEqual([ring]);
  expect(again(runOf({ [unit]: ['d'] }))).toEqual([]);
  const four = ['clients', 'deploy', 'faults', 'scenarios'].map((folder) => `test/${folder}/x.test.ts`);
  expect(again(runOf(Object.fromEntries(four.slice(1).map((file) => [file, ['a']]))))).toEqual(four.slice(1));
  expect(again(runOf(Object.fromEntries(four.map((file) => [file, ['a']]))))).toEqual([]);
});

test('nothing is tried once more after a crash, or where a failure belongs to no test', () => {
  const log = runOf({ [ring]: ['a'] });
  expect(worthAnotherRun({ tests: 139, log })).toEqual([]);
  expect(worthAnotherRun({ tests: 1, log: log.replace(' 1 fail', ' 2 fail') })).toEqual([]);
  expect(worthAnotherRun({ tests: 1, log: log.replace(' 1 fail', ' 1 fail\n 1 error') })).toEqual([]);
  expect(worthAnotherRun({ tests: 0, log: passing })).toEqual([]);
});

test('what passes then has passed, and is named', () => {
  const log = runOf({ [ring]: ['a > b', 'c'], [unit]: ['d'] });
  const again = [{ file: ring, code: 0, log: passing }];
  const flaky = [`${ring}: a > b`, `${ring}: c`];
  expect(tally({ ...ok, tests: 1, log, again })).toEqual({ passed: 14, failed: 1, skipped: 0, flaky });
});

test('what fails again has failed, with all that had failed in its file', () => {
  const log = runOf({ [ring]: ['a > b', 'c'] });
  const expected = { passed: 12, failed: 2, skipped: 0, flaky: [] };
  for (const second of [
    { code: 1, log: runOf({ [ring]: ['c'] }) },
    { code: 0, log: '' },
    { code: 139, log: passing },
  ])
    expect(tally({ ...ok, tests: 1, log, again: [{ file: ring, ...second }] })).toEqual(expected);
});
