import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseDuration, parseSize } from './units.ts';

describe('a size', () => {
  test.each([
    [0, 0],
    [4096, 4096],
    ['1 B', 1],
    ['64KiB', 65_536],
    ['64 kb', 64_000],
    ['1.5 GiB', 1_610_612_736],
    [' 2 MB ', 2_000_000],
    ['1 TiB', 2 ** 40],
  ])('%p is %p bytes', (written, bytes) => expect(parseSize(written)).toBe(bytes));

  test.each([
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    '5',
    '5 m',
    '5  MB',
    '-5 MB',
    '1e3 B',
    '1 XB',
    '9999999 TiB',
    null,
    undefined,
    {},
  ])('%p is none', (written) => expect(parseSize(written)).toBeUndefined());
});

describe('a duration', () => {
  test.each([
    [30, 1, 30],
    ['30ms', 1, 30],
    ['1.5s', 1, 1500],
    ['30d', 1000, 2_592_000],
    ['10 m', 1000, 600],
    ['1h', 1000, 3600],
    ['499ms', 1000, 0],
    [60, 1000, 60],
  ] as const)('%p in units of %p ms is %p', (written, per, expected) =>
    expect(parseDuration(written, per)).toBe(expected),
  );

  test.each(['5', '5 MB', '5min', -5, '5m 3s'])('%p is none', (written) =>
    expect(parseDuration(written, 1)).toBeUndefined(),
  );
});

test('any text is either a whole number of units or none, and never throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,20}(\.\d{1,5})? ?[a-zA-Z]{1,3}$/)), (text) => {
      for (const value of [parseSize(text), parseDuration(text, 1), parseDuration(text, 1000)]) {
        expect(value === undefined || (Number.isSafeInteger(value) && value >= 0)).toBe(true);
      }
    }),
    { numRuns: 5000 },
  );
});
