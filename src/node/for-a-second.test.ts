import { expect, test } from 'bun:test';
import { forASecond } from './for-a-second.ts';

test('what was made is given again within the same second, and made anew in the next', () => {
  const made = forASecond<string, string>(10);
  let times = 0;
  const make = (key: string) => `${key} ${++times}`;
  expect(['a', 'b', 'a'].map((key) => made(key, 1_999, make))).toEqual(['a 1', 'b 2', 'a 1']);
  expect(made('a', 2_000, make)).toBe('a 3');
  expect(made('a', 2_999, make)).toBe('a 3');
});

test('no more is kept than there is room for', () => {
  const made = forASecond<number, object>(2);
  const first = made(1, 0, () => ({}));
  expect(made(1, 0, () => ({}))).toBe(first);
  made(2, 0, () => ({}));
  expect(made(1, 0, () => ({}))).toBe(first);
  for (const key of [3, 4]) made(key, 0, () => ({}));
  expect(made(1, 0, () => ({}))).not.toBe(first);
});
