import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { rate } from './rate.ts';

test('so many at once after a quiet time, then evenly', () => {
  const it = rate({ perSecond: 10, burst: 3 });
  expect(Array.from({ length: 5 }, () => it.take(0, 1_000))).toEqual([0, 0, 0, 100, 200]);
  expect(it.take(0, 250)).toBeNull();
  expect(it.take(10_000, 0)).toBe(0);
});

test('within any time, no more begin than the rate and the burst allow', () => {
  const arrivals = fc.array(fc.nat(400), { maxLength: 200 });
  fc.assert(
    fc.property(
      arrivals,
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 10 }),
      (gaps, perSecond, burst) => {
        const it = rate({ perSecond, burst });
        const begun: number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          const waitMs = it.take(now, 2_000);
          if (waitMs !== null) begun.push(now + waitMs);
        }
        for (let from = 0; from < begun.length; from++) {
          for (let to = from; to < begun.length; to++) {
            const seconds = ((begun[to] ?? 0) - (begun[from] ?? 0)) / 1000;
            expect(to - from + 1).toBeLessThanOrEqual(burst + seconds * perSecond + 1e-6);
          }
        }
      },
    ),
    { numRuns: 50 },
  );
});
