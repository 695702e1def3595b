import { expect, test } from 'bun:test';
import { recent } from './recent.ts';

test('counts how often a name came, from when it came first', () => {
  const counts = recent(64);
  expect([0, 100, 900].map((atMs) => counts.count('a', atMs, 1000))).toEqual([1, 2, 3]);
  expect(counts.count('b', 900, 1000)).toBe(1);
  expect(counts.count('a', 1000, 1000)).toBe(1);
  expect(counts.count('a', 1999, 1000)).toBe(2);
});

test('does not count what rests, and then begins anew', () => {
  const counts = recent(64);
  for (let at = 0; at < 5; at++) counts.count('a', at, 1000);
  counts.rest('a', 500);
  expect([10, 499, 500, 501].map((atMs) => counts.count('a', atMs, 1000))).toEqual([0, 0, 1, 2]);
});

test('takes nothing of a million names that come once for something that comes back', () => {
  const counts = recent(1024);
  let most = 0;
  for (let which = 0; which < 1_000_000; which++)
    most = Math.max(most, counts.count(`web /${which}`, which / 10, 100_000));
  expect(most).toBe(1);
});

test('keeps what comes back apart from those that pass', () => {
  const counts = recent(1024);
  let seen = 0;
  for (let which = 0; which < 20_000; which++) {
    counts.count(`web /${which}`, which, 10_000);
    if (which % 50 === 0) seen = Math.max(seen, counts.count('web /back', which, 100_000));
  }
  expect(seen).toBeGreaterThanOrEqual(100);
});

test('has places in powers of two', () => {
  for (const places of [0, 4, 100]) expect(() => recent(places)).toThrow(RangeError);
});
