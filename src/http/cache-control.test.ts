import { describe, expect, test } from 'bun:test';
import { type CacheControl, parseCacheControl } from './cache-control.ts';

/** What the value says beyond what no value says. */
function said(value: string): Partial<CacheControl> {
  const nothing = parseCacheControl(null);
  return Object.fromEntries(
    Object.entries(parseCacheControl(value)).filter(
      ([name, is]) => is !== nothing[name as keyof CacheControl],
    ),
  );
}

describe('directives', () => {
  test('of a response', () => {
    expect(said('public, max-age=31536000, immutable')).toEqual({
      public: true,
      maxAge: 31536000,
      immutable: true,
    });
    expect(said('s-maxage=60, must-revalidate, proxy-revalidate, no-transform')).toEqual({
      sMaxAge: 60,
      mustRevalidate: true,
      proxyRevalidate: true,
      noTransform: true,
    });
    expect(said('max-age=1, stale-while-revalidate=2, stale-if-error=3')).toEqual({
      maxAge: 1,
      staleWhileRevalidate: 2,
      staleIfError: 3,
    });
    expect(said('no-store, must-understand')).toEqual({ noStore: true, mustUnderstand: true });
  });

  test('of a request', () => {
    expect(said('max-age=0, min-fresh=5, only-if-cached')).toEqual({
      maxAge: 0,
      minFresh: 5,
      onlyIfCached: true,
    });
    expect(said('max-stale=10')).toEqual({ maxStale: 10 });
    expect(said('max-stale')).toEqual({ maxStale: Infinity });
  });

  test('have names in any case, and any white space around them', () => {
    expect(said('MaX-aGe=3600 ,\tPRIVATE')).toEqual({ maxAge: 3600, private: true });
  });

  test('that are unknown say nothing', () => {
    expect(said('foobar, max-age=3600, x="y", no-store-at-all, post-check=0')).toEqual({ maxAge: 3600 });
    expect(said('')).toEqual({});
    expect(said(', ,')).toEqual({});
  });
});

describe('seconds', () => {
  test('may be quoted and may have leading zeros', () => {
    expect(said('max-age="3600"')).toEqual({ maxAge: 3600 });
    expect(said('max-age="36\\00"')).toEqual({ maxAge: 3600 });
    expect(said('max-age=003600')).toEqual({ maxAge: 3600 });
  });

  test('beyond 2^31 mean 2^31', () => {
    expect(said('max-age=2147483647')).toEqual({ maxAge: 2147483647 });
    expect(said('max-age=2147483649')).toEqual({ maxAge: 2147483648 });
    expect(said(`max-age=${'9'.repeat(400)}`)).toEqual({ maxAge: 2147483648 });
  });

  test('of a lifetime that are invalid make the response stale', () => {
    for (const argument of [
      '=-3600',
      '=3600.0',
      '=3600.5',
      '=a3600',
      '=3600a',
      "='3600'",
      '=',
      '',
      ' =3600',
      '= 3600',
    ]) {
      expect(said(`max-age${argument}`)).toEqual({ maxAge: 0 });
      expect(said(`s-maxage${argument}`)).toEqual({ sMaxAge: 0 });
    }
  });

  test('of a permission that are invalid permit nothing', () => {
    expect(said('stale-while-revalidate=x, stale-if-error, max-stale=, min-fresh=-1')).toEqual({});
  });
});

describe('a qualified directive', () => {
  test('names fields, in lower case', () => {
    expect(said('no-cache="Set-Cookie, X-A", private="b"')).toEqual({
      noCache: ['set-cookie', 'x-a'],
      private: ['b'],
    });
    expect(said('no-cache=Set-Cookie')).toEqual({ noCache: ['set-cookie'] });
  });

  test('is unqualified when it names nothing, or no field', () => {
    for (const argument of ['=', '=""', '=" , "', '="a b"', '="a', ' ="a"']) {
      expect(said(`private${argument}`)).toEqual({ private: true });
    }
  });
});

describe('a quoted string', () => {
  test('hides directives within it', () => {
    expect(said('extension="max-age=3600", max-age=1')).toEqual({ maxAge: 1 });
    expect(said('max-age=1, extension="max-age=0, no-store"')).toEqual({ maxAge: 1 });
    expect(said('extension="a\\", no-store", public')).toEqual({ public: true });
  });

  test('that is never closed hides nothing', () => {
    expect(said('private="x, no-store')).toEqual({ private: true, noStore: true });
  });
});

describe('of repeated directives', () => {
  test('the shortest time wins, in any order', () => {
    expect(said('max-age=1800, max-age=1')).toEqual({ maxAge: 1 });
    expect(said('max-age=1, max-age=1800')).toEqual({ maxAge: 1 });
    expect(said('max-age=1800, max-age=oops')).toEqual({ maxAge: 0 });
    expect(said('max-stale, max-stale=3')).toEqual({ maxStale: 3 });
    expect(said('min-fresh=3, min-fresh=30')).toEqual({ minFresh: 30 });
  });

  test('the widest restriction wins', () => {
    expect(said('no-cache="a", no-cache')).toEqual({ noCache: true });
    expect(said('no-cache, no-cache="a"')).toEqual({ noCache: true });
    expect(said('private="a", private="b, a"')).toEqual({ private: ['a', 'b'] });
  });
});

describe('what the grammar does not know', () => {
  test('leaves a restriction standing', () => {
    expect(said('no-store; max-age=30')).toEqual({ noStore: true });
    expect(said('must-revalidate=1, no-cache foo')).toEqual({ mustRevalidate: true, noCache: true });
  });

  test('takes a permission away', () => {
    expect(said('public; max-age=30')).toEqual({});
    expect(said('immutable=1, must-understand=""')).toEqual({});
  });
});

test('the same value gives the same frozen object', () => {
  const control = parseCacheControl('max-age=60');
  expect(parseCacheControl('max-age=60')).toBe(control);
  expect(Object.isFrozen(control)).toBe(true);
  expect(parseCacheControl(null)).toBe(parseCacheControl(null));
});
