import { expect, test } from 'bun:test';
import { likelyTaken, rounded } from './likelihood.ts';

test('what has been there for long is taken by nearly all, and what is new by those who have locked nothing', () => {
  const nowMs = Date.UTC(2026, 5, 1);
  const ages = [0, 10, 100, 1_000, 10_000].map((days) => likelyTaken(nowMs - days * 86_400_000, nowMs));
  expect(ages).toEqual(ages.toSorted((a, b) => a - b));
  expect(ages[0]).toBeLessThan(0.5);
  expect(ages.at(-1)).toBeCloseTo(1);
  // The clock of whoever published it may be ahead.
  expect(likelyTaken(nowMs + 86_400_000, nowMs)).toBe(likelyTaken(nowMs, nowMs));
  expect(likelyTaken(null, nowMs)).toBeGreaterThan(0.5);
  expect(rounded(1 / 3)).toBe(0.33);
});
