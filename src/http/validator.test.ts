import { expect, test } from 'bun:test';
import { strongValidator } from './validator.ts';

const modifiedMs = Date.UTC(2026, 0, 1);
const date = 'Thu, 01 Jan 2026 00:00:00 GMT';

test('a strong entity tag is one', () => {
  expect(strongValidator('"a"', null, undefined)).toBe('"a"');
});

test('a weak or malformed one is none, and says so of the date too', () => {
  expect(strongValidator('W/"a"', modifiedMs, modifiedMs + 60_000)).toBeNull();
  expect(strongValidator('a', modifiedMs, modifiedMs + 60_000)).toBeNull();
});

test('a date is one when it was no longer the same second', () => {
  expect(strongValidator(null, modifiedMs, modifiedMs + 1000)).toBe(date);
  expect(strongValidator(null, modifiedMs, modifiedMs + 999)).toBeNull();
  expect(strongValidator(null, modifiedMs, undefined)).toBeNull();
  expect(strongValidator(null, null, modifiedMs)).toBeNull();
});
