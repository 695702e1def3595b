import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { sketch } from './sketch.ts';

/** Keys of which few come often and many seldom, as in life. */
const stream = fc.array(
  fc.tuple(
    fc.nat(400).map((rank) => `key ${Math.floor(rank ** 2 / 400)}`),
    fc.integer({ min: 1, max: 50 }),
  ),
  { minLength: 1, maxLength: 2000 },
);

function countsOf(counted: readonly (readonly [string, number])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [key, times] of counted) counts.set(key, (counts.get(key) ?? 0) + times);
  return counts;
}

describe('a sketch', () => {
  test('is never too low, and never above all that was counted', () => {
    fc.assert(
      fc.property(stream, (counted) => {
        const made = sketch(64, 3);
        let total = 0;
        for (const [key, times] of counted) {
          made.add(key, times);
          total += times;
        }
        for (const [key, count] of countsOf(counted)) {
          expect(made.estimate(key)).toBeGreaterThanOrEqual(count);
          expect(made.estimate(key)).toBeLessThanOrEqual(total);
        }
      }),
    );
  });

  test('says with each key what its estimate is now', () => {
    const made = sketch(1024, 4);
    expect(made.add('a', 3)).toBe(3);
    expect(made.add('b', 1)).toBe(1);
    expect(made.add('a', 4)).toBe(7);
    expect(made.estimate('c')).toBe(0);
  });

  test('is too high by more than e / width of everything for one key in e^depth at most', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const [width, depth] = [256, 4];
        const made = sketch(width, depth);
        const keys = Array.from({ length: 5_000 }, (_, at) => `${seed}/${at}`);
        const countOf = (at: number) => 1 + Math.floor(20_000 / (at + 1));
        let total = 0;
        for (const [at, key] of keys.entries()) {
          made.add(key, countOf(at));
          total += countOf(at);
        }
        const far = keys.filter((key, at) => made.estimate(key) - countOf(at) > (Math.E / width) * total);
        expect(far.length / keys.length).toBeLessThanOrEqual(Math.E ** -depth);
      }),
      { numRuns: 20 },
    );
  });

  test('begins anew', () => {
    const made = sketch(64, 2);
    made.add('a', 5);
    made.clear();
    expect(made.estimate('a')).toBe(0);
  });

  test('has a width that is a power of two', () => {
    expect(() => sketch(100, 4)).toThrow(RangeError);
    expect(() => sketch(0, 4)).toThrow(RangeError);
  });
});
