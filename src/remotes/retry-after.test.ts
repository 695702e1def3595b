import { expect, test } from 'bun:test';
import { pauseAskedFor } from './retry-after.ts';

const now = Date.UTC(2026, 0, 1);
const pause = (status: number, value?: string) =>
  pauseAskedFor({ status, headers: new Headers(value === undefined ? {} : { 'retry-after': value }) }, now);

test('seconds or a date, with 429 and 503 only', () => {
  expect(pause(429, '7')).toBe(7_000);
  expect(pause(503, 'Thu, 01 Jan 2026 00:00:05 GMT')).toBe(5_000);
  expect(pause(503, 'Wed, 31 Dec 2025 00:00:00 GMT')).toBe(0);
  expect(pause(500, '7')).toBeNull();
  expect(pause(301, '7')).toBeNull();
});

test('without it, the time at which more is granted; with 429 only', () => {
  const reset = (status: number, fields: Record<string, string>) =>
    pauseAskedFor({ status, headers: new Headers(fields) }, now);
  expect(reset(429, { 'ratelimit-reset': '9' })).toBe(9_000);
  expect(reset(429, { 'x-retry-after': String(now / 1000 + 30) })).toBe(30_000);
  expect(reset(429, { 'x-ratelimit-reset': String(now / 1000 - 30) })).toBe(0);
  expect(reset(429, { 'retry-after': '1', 'ratelimit-reset': '9' })).toBe(1_000);
  expect(reset(429, { 'ratelimit-reset': 'soon' })).toBeNull();
  expect(reset(503, { 'ratelimit-reset': '9' })).toBeNull();
});

test('what is neither counts for nothing', () => {
  for (const value of [undefined, '', 'soon', '-1', '1.5', '99999999999'])
    expect(pause(429, value)).toBeNull();
});
