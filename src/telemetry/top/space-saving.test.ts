import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { spaceSaving } from './space-saving.ts';

test('while there are counters for all, everything is exact', () => {
  const names = spaceSaving(4);
  for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) names.add(name, 1, name === 'a' ? 1 : 0, 10);
  expect(names.top(2)).toEqual({
    top: [
      { name: 'a', requests: 3, downloads: 3, bytes: 30 },
      { name: 'b', requests: 2, downloads: 0, bytes: 20 },
    ],
    missed: 1,
  });
  expect(names.top(4).missed).toBe(0);
});

test('nothing is said to have come more often than it did, nor less often by more than what is said to be missing', () => {
  const stream = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 9 })), { maxLength: 400 });
  fc.assert(
    fc.property(
      stream,
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      (all, size, limit) => {
        const names = spaceSaving(size);
        const exact = new Map<string, number>();
        let total = 0;
        for (const [which, times] of all) {
          const name = `package-${which}`;
          names.add(name, times, times, times * 100);
          exact.set(name, (exact.get(name) ?? 0) + times);
          total += times;
        }
        const { top, missed } = names.top(limit);
        expect(top.length).toBe(Math.min(limit, size, exact.size));
        for (const { name, requests, downloads, bytes } of top) {
          expect(requests).toBeLessThanOrEqual(exact.get(name) ?? 0);
          expect(requests).toBeGreaterThanOrEqual((exact.get(name) ?? 0) - missed);
          expect([downloads, bytes]).toEqual([requests, requests * 100]);
        }
        const listed = new Set(top.map(({ name }) => name));
        for (const [name, times] of exact) if (!listed.has(name)) expect(times).toBeLessThanOrEqual(missed);
        // What counters alone can miss has the bound of the paper.
        if (limit >= size) expect(missed).toBeLessThanOrEqual(total / size);
      },
    ),
  );
});
