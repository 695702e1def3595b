import { describe, expect, test } from 'bun:test';
import { chooseEncoding } from './encoding.ts';

const all = ['zstd', 'br', 'gzip', 'identity'] as const;

describe('a client gets', () => {
  test('the coding that it weighs highest', () => {
    expect(chooseEncoding('gzip;q=1.0, br;q=0.8', all)).toBe('gzip');
    expect(chooseEncoding('gzip;q=0.001, identity;q=0', all)).toBe('gzip');
    expect(chooseEncoding('gzip;q=0.5, identity', all)).toBe('identity');
    expect(chooseEncoding('gzip;q=0.5, *', ['identity', 'gzip'])).toBe('identity');
  });

  test('of those that it weighs equally, the first on offer', () => {
    expect(chooseEncoding('gzip, deflate, br, zstd', all)).toBe('zstd');
    expect(chooseEncoding('gzip, deflate, br', all)).toBe('br');
    expect(chooseEncoding('*', ['br', 'zstd'])).toBe('br');
  });

  test('a coding rather than none, when it asks for one', () => {
    expect(chooseEncoding('gzip;q=0.001', ['identity', 'gzip'])).toBe('gzip');
  });

  test('identity when it asks for nothing that is on offer', () => {
    for (const value of ['', 'deflate', 'compress;q=1', 'gzip;q=0', 'gzip;q=0.0, br;q=nonsense']) {
      expect(chooseEncoding(value, all)).toBe('identity');
    }
  });

  test('identity when it says nothing', () => {
    expect(chooseEncoding(null, all)).toBe('identity');
    expect(chooseEncoding(null, ['gzip'])).toBe('gzip');
  });

  test('nothing when it rules everything out', () => {
    expect(chooseEncoding('*;q=0', all)).toBeUndefined();
    expect(chooseEncoding('identity;q=0', all)).toBeUndefined();
    expect(chooseEncoding('gzip', ['br'])).toBeUndefined();
    expect(chooseEncoding('gzip', [])).toBeUndefined();
  });
});

test('a more specific word goes before *', () => {
  expect(chooseEncoding('*;q=0, gzip', all)).toBe('gzip');
  expect(chooseEncoding('*;q=0, identity;q=0.1', all)).toBe('identity');
  expect(chooseEncoding('*, zstd;q=0', all)).toBe('br');
});

test('names match in any case, and x-gzip is gzip', () => {
  expect(chooseEncoding('GZip ; Q=0.5', all)).toBe('gzip');
  expect(chooseEncoding('x-gzip', all)).toBe('gzip');
});
