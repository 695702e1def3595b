import { describe, expect, test } from 'bun:test';
import { absent, normaliseSelecting, selects, varyNames } from './vary.ts';

describe('varyNames', () => {
  test('names fields in lower case, once, in order', () => {
    expect(varyNames('Foo, accept-encoding,\tfoo,, Bar')).toEqual(['accept-encoding', 'bar', 'foo']);
    expect(varyNames('')).toEqual([]);
    expect(varyNames(' , ')).toEqual([]);
  });

  test('takes a * anywhere for all', () => {
    for (const value of ['*', '*, *', ', *', '*, Foo', 'Foo, *', 'Foo,*,Bar'])
      expect(varyNames(value)).toBe('*');
  });

  test('takes what cannot be the name of a field for *', () => {
    for (const value of ['Foo Bar', 'Foo; Bar', 'a, "b"', 'é', 'a\u0000']) expect(varyNames(value)).toBe('*');
  });
});

describe('normalisation', () => {
  test('removes white space around commas', () => {
    expect(normaliseSelecting('foo', '1, 2 ,\t3')).toBe('1,2,3');
    expect(normaliseSelecting('foo', ' 1 ')).toBe('1');
    expect(normaliseSelecting('foo', 'a b')).toBe('a b');
  });

  test('leaves values alone in which white space may mean something', () => {
    expect(normaliseSelecting('foo', 'a "b, c" , d')).toBe('a "b, c" , d');
    for (const name of ['cookie', 'authorization', 'user-agent']) {
      expect(normaliseSelecting(name, 'a, b ,, c')).toBe('a, b ,, c');
    }
  });

  test('reduces Accept-Language to the weight of each language', () => {
    const normalised = (value: string) => normaliseSelecting('accept-language', value);
    expect(normalised('en, de')).toBe(normalised(' De ,EN;q=1.0'));
    expect(normalised('de;q=0.5, en')).toBe('en,de;q=500');
    expect(normalised('en;q=0.5, de')).not.toBe(normalised('de;q=0.5, en'));
    expect(normalised('en-GB, *;q=0.1')).toBe('en-gb,*;q=100');
    expect(normalised('')).toBe('');
  });

  test('keeps an absent field apart from every present one', () => {
    expect(normaliseSelecting('foo', null)).toBe(absent);
    expect(normaliseSelecting('foo', '')).toBe('');
    expect(new Headers({ foo: absent }).get('foo')).not.toBe(absent);
  });

  test('takes linear time', () => {
    const spaces = ' '.repeat(100_000);
    expect(normaliseSelecting('foo', `a,b${spaces}c`)).toBe(`a,b${spaces}c`);
  });

  test('reduces Accept-Encoding to what is accepted', () => {
    const normalised = (value: string | null) => normaliseSelecting('accept-encoding', value);
    expect(normalised('gzip, deflate, br, zstd')).toBe('zstd, br, gzip, identity');
    expect(normalised('br;q=1.0, gzip;q=0.2')).toBe('br, gzip, identity');
    expect(normalised('x-gzip, br;q=0')).toBe('gzip, identity');
    expect(normalised('gzip, *;q=0')).toBe('gzip');
    expect(normalised('*')).toBe('zstd, br, gzip, identity');
    expect(normalised('')).toBe('identity');
    expect(normalised('deflate')).toBe('identity');
    expect(normalised('*;q=0')).toBe('');
    expect(normalised(null)).toBe(absent);
  });
});

describe('selects', () => {
  const stored = [
    ['accept-encoding', 'gzip, identity'],
    ['foo', '1,2'],
    ['bar', absent],
  ] as const;

  test('a response stored for an equal request', () => {
    expect(selects(stored, new Headers({ 'accept-encoding': 'deflate, gzip', foo: '1 , 2' }))).toBe(true);
    expect(selects([], new Headers({ foo: '1' }))).toBe(true);
  });

  test('no response stored for another one', () => {
    const fields = { 'accept-encoding': 'gzip', foo: '1, 2' };
    expect(selects(stored, new Headers({ ...fields, foo: '2, 1' }))).toBe(false);
    expect(selects(stored, new Headers({ ...fields, 'accept-encoding': 'br' }))).toBe(false);
    expect(selects(stored, new Headers({ ...fields, bar: '' }))).toBe(false);
    expect(selects(stored, new Headers({ foo: '1, 2' }))).toBe(false);
    expect(selects(stored, new Headers({ 'accept-encoding': 'gzip' }))).toBe(false);
  });
});
