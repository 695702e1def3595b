import { describe, expect, test } from 'bun:test';
import { percentile, ratio, spread } from './statistics.ts';

describe('a spread', () => {
  test('has the middle sample as its median', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3, samples: [3, 1, 2] });
  });

  test('lies between the two middle samples when their number is even', () => {
    expect(spread([4, 1, 2, 3]).median).toBe(2.5);
  });
});

test('a ratio is taken round by round, so that a slow moment of the machine cancels out', () => {
  const quiet = 100;
  const busy = 10;
  expect(ratio(spread([2 * quiet, 2 * busy, 2 * quiet]), spread([quiet, busy, quiet]))).toMatchObject({
    median: 2,
    min: 2,
    max: 2,
  });
});

test('a percentile is one of the samples', () => {
  const sorted = Array.from({ length: 100 }, (_, index) => index + 1);
  expect([percentile(sorted, 0.5), percentile(sorted, 0.99), percentile([7], 0.99)]).toEqual([50, 99, 7]);
});
