import { expect, test } from 'bun:test';
import type { CacheKey } from '../resource.ts';
import { arrivals } from './arrivals.ts';

const [a, b] = ['a' as CacheKey, 'b' as CacheKey];
const german = [['accept-language', 'de']] as const;
const french = [['accept-language', 'fr']] as const;

test('a drop concerns what is under way for the key, and nothing that comes later', () => {
  const all = arrivals();
  const [before, other] = [all.begin(a), all.begin(b)];
  all.drop(a);
  const after = all.begin(a);
  expect([before.wanted, other.wanted, after.wanted]).toEqual([false, true, true]);
});

test('what landed first does not replace what landed later, of the same variant', () => {
  const all = arrivals();
  const [slow, french1, unknown, fast] = [all.begin(a), all.begin(a), all.begin(a), all.begin(a)];
  slow.landed(german);
  french1.landed(french);
  fast.landed(german);
  fast.stored();
  expect([slow.wanted, french1.wanted, unknown.wanted, fast.wanted]).toEqual([false, true, true, true]);
  unknown.landed(german);
  unknown.stored();
  expect([unknown.wanted, fast.wanted]).toEqual([true, false]);
});

test('a stored response on its way to another tier is older than all that lands', () => {
  const all = arrivals();
  const landing = all.begin(a);
  landing.landed(german);
  const climbing = all.again(a, german);
  landing.stored();
  expect(climbing.wanted).toBe(false);
});

test('it is under way until the last holder has ended it', () => {
  const all = arrivals();
  const held = all.begin(a);
  held.hold();
  held.end();
  all.drop(a);
  expect(held.wanted).toBe(false);

  const ended = all.begin(b);
  ended.end();
  all.drop(b);
  expect(ended.wanted).toBe(true);
});
