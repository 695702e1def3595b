import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { tally, toldKeys } from './tally.ts';
import { top } from './top.ts';

test('the top of rising counts is what an honest sort finds', () => {
  const offers = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 9 })), { maxLength: 500 });
  fc.assert(
    fc.property(offers, fc.integer({ min: 1, max: 8 }), (all, limit) => {
      const made = top(limit);
      const counts = new Map<string, number>();
      for (const [name, times] of all) {
        const key = `key ${name}`;
        const count = (counts.get(key) ?? 0) + times;
        counts.set(key, count);
        made.offer(key, count);
      }
      const sorted = [...counts.values()].sort((a, b) => b - a).slice(0, limit);
      expect(made.all().map(([, count]) => count)).toEqual(sorted);
      for (const [key, count] of made.all()) expect(counts.get(key)).toBe(count);
    }),
  );
});

test('keys of equal counts come by name', () => {
  const made = top(3);
  for (const key of ['b', 'c', 'a']) made.offer(key, 5);
  expect(made.all()).toEqual([
    ['a', 5],
    ['b', 5],
    ['c', 5],
  ]);
  made.clear();
  expect(made.all()).toEqual([]);
});

test('a tally finds what is asked for most among a hundred thousand keys, and begins anew each time', () => {
  const counted = tally();
  for (let at = 0; at < 100_000; at++) {
    counted.count(`rare ${at}`, 16);
    if (at % 10 === 0) counted.count('often', 16);
    if (at % 40 === 0) counted.count('now and then', 16);
  }
  const taken = counted.take();
  expect(taken).toHaveLength(toldKeys);
  expect(taken.slice(0, 2).map(([key]) => key)).toEqual(['often', 'now and then']);
  const [[, often = 0] = []] = taken;
  expect(often).toBeGreaterThanOrEqual(160_000);
  expect(often).toBeLessThan(160_000 + (Math.E / 4096) * 1_800_000);
  expect(counted.take()).toEqual([]);
  counted.count('x'.repeat(5000), 1_000_000);
  expect(counted.take()).toEqual([]);
});
