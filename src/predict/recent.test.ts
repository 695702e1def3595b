import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import type { CacheKey } from '../resource.ts';
import { openRecent } from './recent.ts';

const key = 'npm a' as CacheKey;

test('what was noted last is known for half a minute', () => {
  const clock = virtualClock();
  const recent = openRecent(clock);
  expect(recent.get(key)).toBeNull();
  recent.note(key, 'asked');
  clock.advance(20_000);
  recent.note(key, 'elsewhere');
  clock.advance(29_999);
  expect(recent.get(key)).toBe('elsewhere');
  clock.advance(1);
  expect(recent.get(key)).toBeNull();
});

test('of many the oldest are forgotten, and noting anew makes one young', () => {
  const recent = openRecent(virtualClock());
  const nameOf = (at: number) => `npm ${at}` as CacheKey;
  recent.note(key, 'asked');
  for (let at = 0; at < 16_384; at++) recent.note(nameOf(at), 'asked');
  recent.note(key, 'asked');
  recent.note('npm one more' as CacheKey, 'asked');
  expect(recent.get(key)).toBe('asked');
  expect(recent.get(nameOf(0))).toBeNull();
  expect(recent.get(nameOf(16_000))).toBe('asked');
});
