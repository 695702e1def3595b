import { expect, test } from 'bun:test';
import { lately } from './lately.ts';

test('what comes again before too much else came was there lately, once', () => {
  const asked = lately(() => 100);
  expect([asked.again('a', 40), asked.again('b', 40)]).toEqual([false, false]);
  expect([asked.again('a', 40), asked.again('a', 40)]).toEqual([true, false]);
  expect(asked.again('b', 40)).toBe(true);
});

test('what was followed by too much else is forgotten', () => {
  const asked = lately(() => 100);
  for (const name of ['a', 'b', 'c']) expect(asked.again(name, 40)).toBe(false);
  expect(asked.again('c', 40)).toBe(true);
  expect(asked.again('a', 40)).toBe(false);
  expect(asked.again('alone too much', 101)).toBe(false);
  expect(asked.again('alone too much', 101)).toBe(false);
});
