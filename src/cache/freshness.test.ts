import { describe, expect, test } from 'bun:test';
import { explicitLifetime, freshnessOf, remainingS } from './freshness.ts';

const now = Date.UTC(2026, 0, 1);
const httpDate = (secondsFromNow: number) => new Date(now + secondsFromNow * 1000).toUTCString();
const freshness = (fields: Record<string, string>) => freshnessOf(new Headers(fields), now, now, undefined);
const left = (fields: Record<string, string>) => remainingS(freshness(fields), now);
const stated = (fields: Record<string, string>) => explicitLifetime(new Headers(fields), now);

describe('a lifetime that the response states', () => {
  test('is s-maxage before max-age before Expires', () => {
    const expires = httpDate(10);
    expect(stated({ 'cache-control': 's-maxage=30, max-age=20', expires })).toBe(30);
    expect(stated({ 'cache-control': 'max-age=20', expires })).toBe(20);
    expect(stated({ 'cache-control': 'public', expires })).toBe(10);
  });

  test('counts from Date, not from the clock of the cache', () => {
    expect(stated({ expires: httpDate(100), date: httpDate(40) })).toBe(60);
  });

  test('is none when Expires lies before Date, is "0", or anything that is no date', () => {
    for (const expires of [httpDate(-1), '0', '-1', 'now', `${httpDate(10)}, ${httpDate(20)}`]) {
      expect(stated({ expires })).toBe(0);
    }
  });

  test('may be given as an RFC 850 or asctime date', () => {
    expect(stated({ expires: 'Thursday, 01-Jan-26 00:01:00 GMT' })).toBe(60);
    expect(stated({ expires: 'Thu Jan  1 00:01:00 2026' })).toBe(60);
  });

  test('comes from the targeted field alone where there is one', () => {
    expect(stated({ 'cdn-cache-control': 'public', expires: httpDate(60) })).toBeUndefined();
    expect(stated({ 'cdn-cache-control': 'max-age=5', 'cache-control': 'max-age=60' })).toBe(5);
  });
});

describe('a lifetime that is guessed', () => {
  const modified = (seconds: number) => ({ 'last-modified': httpDate(-seconds) });

  test('is a tenth of the time since the last modification, and a day at most', () => {
    expect(left(modified(1000))).toBe(100);
    expect(left(modified(100 * 86_400))).toBe(86_400);
  });

  test('is none without Last-Modified, or with one in the future', () => {
    expect(left({ etag: '"1"' })).toBe(0);
    expect(left(modified(-1000))).toBe(0);
    expect(left({ 'last-modified': 'long ago' })).toBe(0);
  });

  test('gives way to every time that the response or the route states', () => {
    expect(left({ ...modified(1000), 'cache-control': 'max-age=5' })).toBe(5);
    expect(left({ ...modified(1000), expires: '0' })).toBe(0);
    const headers = new Headers(modified(1000));
    expect(freshnessOf(headers, now, now, { freshS: 0 }).lifetimeS).toBe(0);
  });
});

describe('the age on arrival', () => {
  const age = (value: string, fields = {}) => freshness({ age: value, ...fields }).initialAgeS;

  test('is what Age says, the first member of a list', () => {
    expect(age('30')).toBe(30);
    expect(age('30, 50')).toBe(30);
  });

  test('is nothing where Age is no number', () => {
    for (const value of ['-5', '1.5', 'x', '30;a=1', '', 'x, 30']) expect(age(value)).toBe(0);
  });

  test('is the longest time there is where Age overflows', () => {
    expect(age('99999999999999999999')).toBe(2_147_483_648);
  });

  test('is what Date shows where that is more, and no less than the time that the answer took', () => {
    expect(age('5', { date: httpDate(-60) })).toBe(60);
    expect(age('60', { date: httpDate(60) })).toBe(60);
    expect(freshnessOf(new Headers({ age: '5' }), now - 3000, now, undefined).initialAgeS).toBe(8);
  });
});

describe('what a parent vouches for', () => {
  const policy = { freshS: 60, vouchedS: 600 };
  const given = (fields: Record<string, string>) => freshnessOf(new Headers(fields), now, now, policy);

  test('is used for the time of the route from when it comes, however old it is by then', () => {
    expect(remainingS(given({}), now)).toBe(60);
    expect(remainingS(given({ age: '300' }), now)).toBe(60);
  });

  test('but never beyond the age up to which the parent keeps it', () => {
    expect(remainingS(given({ age: '570' }), now)).toBe(30);
    expect(remainingS(given({ age: '700' }), now)).toBe(-100);
  });

  test('is not what states its own lifetime', () => {
    expect(remainingS(given({ age: '300', 'cache-control': 'max-age=60' }), now)).toBe(-240);
  });
});
