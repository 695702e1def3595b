/** The last line of a CI run is true: nothing that failed is missing from it, and no test is no success. */
import { expect, test } from 'bun:test';
import { summary, tally } from '../../.ci/tally.mjs';

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
  expect(tally({ ...ok, log: passing })).toEqual({ passed: 5, failed: 0, skipped: 0 });
  expect(tally({ ...ok, types: 2, lint: 1, log: passing })).toEqual({ passed: 3, failed: 2, skipped: 0 });
});

test('failures and skipped tests are counted as Bun counts them, with or without colours', () => {
  const expected = { passed: 4, failed: 3, skipped: 2 };
  expect(tally({ ...ok, tests: 1, log: mixed })).toEqual(expected);
  const coloured = mixed.replaceAll(/^( ?)(\d.*)$/gm, '$1\x1b[0m\x1b[31m$2\x1b[0m');
  expect(tally({ ...ok, tests: 1, log: coloured })).toEqual(expected);
});

test('only the last summary counts: an earlier one is what a test printed', () => {
  expect(tally({ ...ok, log: `${mixed}\n${passing}` })).toEqual({ passed: 5, failed: 0, skipped: 0 });
});

test('a crash, a failing exit without a failing test, and a run of no tests are failures', () => {
  expect(tally({ ...ok, tests: 139, log: 'panic: oh no' }).failed).toBe(1);
  expect(tally({ ...ok, tests: 1, log: passing })).toEqual({ passed: 5, failed: 1, skipped: 0 });
  expect(tally({ ...ok, log: '' }).failed).toBe(1);
});

test('skipped tests are named only where there are some', () => {
  expect(summary({ passed: 5, failed: 0, skipped: 0 })).toBe('5 passed, 0 failed');
  expect(summary({ passed: 5, failed: 1, skipped: 2 })).toBe('5 passed, 1 failed, 2 skipped');
});
