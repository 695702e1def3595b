import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { virtualClock } from '../../test/support/clock.ts';
import { type AllowanceLimits, openAllowance } from './allowance.ts';

function opened(limits: AllowanceLimits) {
  const clock = virtualClock();
  const allowance = openAllowance(clock, () => limits);
  const fetched = (firstByteMs: number | null | 'failed') => {
    allowance.begin(0);
    allowance.end(firstByteMs, 0);
  };
  return { clock, allowance, fetched };
}

test('answers as prompt as usual raise the limit up to what may be at once', () => {
  const { allowance, fetched } = opened({ atOnce: 256 });
  expect(allowance.limit).toBe(96);
  for (let at = 0; at < 100; at++) fetched(50);
  expect(allowance.limit).toBe(256);
});

test('answers that take longer than usual lower it, down to a few', () => {
  const { allowance, fetched } = opened({ atOnce: 64 });
  for (let at = 0; at < 50; at++) fetched(50);
  const before = allowance.limit;
  for (let at = 0; at < 20; at++) fetched(1_000);
  expect(allowance.limit).toBeLessThan(before / 2);
  for (let at = 0; at < 50; at++) fetched('failed');
  expect(allowance.limit).toBe(4);
});

test('what nobody was asked for says nothing of the way to the parent', () => {
  const { allowance, fetched } = opened({ atOnce: 64 });
  for (let at = 0; at < 50; at++) fetched(null);
  expect([allowance.limit, allowance.underWay]).toEqual([64, 0]);
});

test('clients who wait for something else have their share, but for one that may always be under way', () => {
  const { allowance } = opened({ atOnce: 4 });
  allowance.others = 3;
  expect(allowance.mayBegin()).toBe(true);
  allowance.begin(0);
  expect(allowance.mayBegin()).toBe(false);
  allowance.others = 2;
  expect(allowance.mayBegin()).toBe(true);
  allowance.others = 100;
  allowance.end(null, 0);
  expect(allowance.mayBegin()).toBe(true);
});

test('no more bytes are begun than the rate lets pass, beside a short burst', () => {
  const { allowance, clock } = opened({ atOnce: 64, bytesPerS: 1_000 });
  allowance.begin(1_000);
  expect(allowance.mayBegin()).toBe(false);
  expect(allowance.waitMs()).toBe(750);
  clock.advance(750);
  expect(allowance.mayBegin()).toBe(true);
});

test('what turns out longer than it was begun with counts in full, and what is shorter is given back', () => {
  const { allowance } = opened({ atOnce: 64, bytesPerS: 1_000 });
  allowance.begin(100);
  expect(allowance.waitMs()).toBe(0);
  allowance.end(20, 4_900);
  expect(allowance.waitMs()).toBe(4_750);
  allowance.begin(10_000);
  allowance.end(20, -10_000);
  expect(allowance.waitMs()).toBe(4_750);
});

test('whatever happens, the limit stays within its bounds', () => {
  const times = fc.array(fc.oneof(fc.nat(100_000), fc.constantFrom('failed' as const, null)));
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 256 }), (all, atOnce) => {
      const { allowance, fetched } = opened({ atOnce });
      for (const each of all) fetched(each);
      expect(allowance.limit).toBeGreaterThanOrEqual(Math.min(4, atOnce));
      expect(allowance.limit).toBeLessThanOrEqual(atOnce);
    }),
  );
});
