import { expect, test } from 'bun:test';
import { quotaIn } from './quota.ts';

const quota = (fields: Record<string, string>) => quotaIn(new Headers(fields));

test('what is left is read with and without a window, and with an X', () => {
  expect(quota({ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' })).toEqual({
    limit: 100,
    remaining: 76,
  });
  expect(quota({ 'ratelimit-limit': '10, 100;w=60', 'ratelimit-remaining': '0' })).toEqual({
    limit: 10,
    remaining: 0,
  });
  expect(quota({ 'x-ratelimit-remaining': '5' })).toEqual({ limit: null, remaining: 5 });
});

test('what is no number says nothing', () => {
  for (const value of ['', 'many', '-1', '1.5', '9'.repeat(20)])
    expect(quota({ 'ratelimit-remaining': value })).toBeNull();
  expect(quota({ 'ratelimit-limit': '100' })).toBeNull();
});
