import { describe, expect, test } from 'bun:test';
import { formatHttpDate } from './date.ts';
import { type Conditions, evaluate, ifRangeHolds, type Verdict } from './precondition.ts';

const modifiedMs = Date.UTC(2025, 0, 1);
const before = formatHttpDate(modifiedMs - 1000);
const at = formatHttpDate(modifiedMs);
const after = formatHttpDate(modifiedMs + 1000);

function verdict(fields: Record<string, string>, given: Partial<Conditions> = {}): Verdict {
  return evaluate({
    method: 'GET',
    headers: new Headers(fields),
    etag: '"v1"',
    lastModifiedMs: modifiedMs,
    ...given,
  });
}

test('a request without conditions proceeds', () => {
  expect(verdict({})).toBe('proceed');
});

describe('If-None-Match', () => {
  test('answers a reader that has the representation with 304', () => {
    for (const value of ['"v1"', 'W/"v1"', '"v0", "v1"', '*']) {
      expect(verdict({ 'if-none-match': value })).toBe('not-modified');
      expect(verdict({ 'if-none-match': value }, { method: 'HEAD' })).toBe('not-modified');
      expect(verdict({ 'if-none-match': value }, { method: 'PUT' })).toBe('failed');
    }
  });

  test('compares weakly', () => {
    expect(verdict({ 'if-none-match': '"v1"' }, { etag: 'W/"v1"' })).toBe('not-modified');
  });

  test('lets a reader of another version proceed', () => {
    expect(verdict({ 'if-none-match': '"v0"' })).toBe('proceed');
    expect(verdict({ 'if-none-match': '' })).toBe('proceed');
    expect(verdict({ 'if-none-match': '"v1"' }, { etag: null })).toBe('proceed');
    expect(verdict({ 'if-none-match': '*' }, { exists: false, method: 'PUT' })).toBe('proceed');
  });

  test('goes before If-Modified-Since', () => {
    expect(verdict({ 'if-none-match': '"v0"', 'if-modified-since': after })).toBe('proceed');
    expect(verdict({ 'if-none-match': '', 'if-modified-since': after })).toBe('proceed');
    expect(verdict({ 'if-none-match': '"v1"', 'if-modified-since': before })).toBe('not-modified');
    expect(verdict({ 'if-none-match': '"v1"', 'if-modified-since': after }, { etag: null })).toBe('proceed');
  });
});

describe('If-Modified-Since', () => {
  test('compares by date', () => {
    expect(verdict({ 'if-modified-since': before })).toBe('proceed');
    expect(verdict({ 'if-modified-since': at })).toBe('not-modified');
    expect(verdict({ 'if-modified-since': after })).toBe('not-modified');
    expect(verdict({ 'if-modified-since': at }, { lastModifiedMs: modifiedMs + 999 })).toBe('not-modified');
  });

  test('is ignored when it is no date, for other methods, and without a date to compare with', () => {
    expect(verdict({ 'if-modified-since': 'yesterday' })).toBe('proceed');
    expect(verdict({ 'if-modified-since': `${at}, ${at}` })).toBe('proceed');
    expect(verdict({ 'if-modified-since': at }, { method: 'POST' })).toBe('proceed');
    expect(verdict({ 'if-modified-since': at }, { lastModifiedMs: null })).toBe('proceed');
  });

  test('takes the Date of a stored response that has no Last-Modified', () => {
    expect(verdict({ 'if-modified-since': at }, { lastModifiedMs: null, dateMs: modifiedMs })).toBe(
      'not-modified',
    );
    expect(verdict({ 'if-modified-since': before }, { lastModifiedMs: null, dateMs: modifiedMs })).toBe(
      'proceed',
    );
  });
});

describe('If-Match', () => {
  test('fails unless it names the representation, strongly', () => {
    expect(verdict({ 'if-match': '"v1"' }, { method: 'PUT' })).toBe('proceed');
    expect(verdict({ 'if-match': '"v0", "v1"' }, { method: 'PUT' })).toBe('proceed');
    expect(verdict({ 'if-match': '*' }, { method: 'PUT', etag: null })).toBe('proceed');
    expect(verdict({ 'if-match': '*' }, { method: 'PUT', exists: false })).toBe('failed');
    expect(verdict({ 'if-match': '"v0"' }, { method: 'PUT' })).toBe('failed');
    expect(verdict({ 'if-match': 'W/"v1"' }, { method: 'PUT', etag: 'W/"v1"' })).toBe('failed');
    expect(verdict({ 'if-match': '"v1"' }, { method: 'PUT', etag: null })).toBe('failed');
  });

  test('goes before everything else, and leaves the rest to be evaluated', () => {
    expect(verdict({ 'if-match': '"v0"', 'if-none-match': '"v1"' })).toBe('failed');
    expect(verdict({ 'if-match': '"v1"', 'if-none-match': '"v1"' })).toBe('not-modified');
    expect(verdict({ 'if-match': '"v1"', 'if-unmodified-since': before })).toBe('proceed');
    expect(verdict({ 'if-match': '"v1"', 'if-modified-since': at })).toBe('not-modified');
  });
});

describe('If-Unmodified-Since', () => {
  test('fails when the representation has changed', () => {
    expect(verdict({ 'if-unmodified-since': before }, { method: 'DELETE' })).toBe('failed');
    expect(verdict({ 'if-unmodified-since': at }, { method: 'DELETE' })).toBe('proceed');
  });

  test('is ignored when it is no date, and without a date to compare with', () => {
    expect(verdict({ 'if-unmodified-since': 'never' })).toBe('proceed');
    expect(verdict({ 'if-unmodified-since': before }, { lastModifiedMs: null, dateMs: modifiedMs })).toBe(
      'proceed',
    );
  });
});

test('a cache leaves conditions for the origin alone', () => {
  expect(verdict({ 'if-match': '"v0"' }, { by: 'cache' })).toBe('proceed');
  expect(verdict({ 'if-unmodified-since': before }, { by: 'cache' })).toBe('proceed');
  expect(verdict({ 'if-none-match': '"v1"' }, { by: 'cache' })).toBe('not-modified');
});

test('conditions mean nothing for other answers and other methods', () => {
  expect(verdict({ 'if-none-match': '"v1"' }, { status: 404 })).toBe('proceed');
  expect(verdict({ 'if-none-match': '"v1"' }, { status: 301 })).toBe('proceed');
  expect(verdict({ 'if-none-match': '"v1"' }, { status: 412 })).toBe('not-modified');
  expect(verdict({ 'if-none-match': '"v1"' }, { status: 206 })).toBe('not-modified');
  expect(verdict({ 'if-match': '"v0"' }, { method: 'OPTIONS' })).toBe('proceed');
});

describe('If-Range', () => {
  test('that is absent always holds', () => {
    expect(ifRangeHolds(null, null, null)).toBe(true);
  });

  test('compares entity tags strongly', () => {
    expect(ifRangeHolds('"v1"', '"v1"', null)).toBe(true);
    expect(ifRangeHolds('"v0"', '"v1"', null)).toBe(false);
    expect(ifRangeHolds('W/"v1"', 'W/"v1"', null)).toBe(false);
    expect(ifRangeHolds('"v1"', null, modifiedMs)).toBe(false);
    expect(ifRangeHolds('"v0", "v1"', '"v1"', null)).toBe(false);
  });

  test('compares dates exactly, and only those that prove something', () => {
    expect(ifRangeHolds(at, null, modifiedMs, modifiedMs + 1000)).toBe(true);
    expect(ifRangeHolds(at, null, modifiedMs + 500, modifiedMs + 1000)).toBe(true);
    expect(ifRangeHolds(at, null, modifiedMs, modifiedMs)).toBe(false);
    expect(ifRangeHolds(at, null, modifiedMs)).toBe(false);
    expect(ifRangeHolds(after, null, modifiedMs, modifiedMs + 5000)).toBe(false);
    expect(ifRangeHolds('yesterday', null, modifiedMs, modifiedMs + 5000)).toBe(false);
    expect(ifRangeHolds(at, null, null, modifiedMs)).toBe(false);
  });
});
