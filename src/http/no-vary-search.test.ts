import { describe, expect, test } from 'bun:test';
import { parseNoVarySearch } from './no-vary-search.ts';

/** Whether two queries mean the same by this field. */
function same(field: string, a: string, b: string): boolean {
  const variance = parseNoVarySearch(field);
  if (!variance) throw new Error(`${field} says nothing`);
  return variance(a) === variance(b);
}

describe('No-Vary-Search', () => {
  test('key-order makes the order of names meaningless, but not that of the values of one name', () => {
    expect(same('key-order', '?a=1&b=2', '?b=2&a=1')).toBe(true);
    expect(same('key-order', '?a=1&b=2&a=2', '?b=2&a=1&a=2')).toBe(true);
    expect(same('key-order', '?a=1&a=2', '?a=2&a=1')).toBe(false);
    expect(same('key-order', '?a=1', '?a=1&b=2')).toBe(false);
  });

  test('params names those that do not count', () => {
    expect(same('params=("utm" "ref")', '?id=1&utm=x', '?ref=z&id=1')).toBe(true);
    expect(same('params=("utm")', '?id=1&utm=x', '?id=2&utm=x')).toBe(false);
    expect(same('params=("utm")', '?a=1&b=2', '?b=2&a=1')).toBe(false);
  });

  test('params alone makes none count, but those of except', () => {
    expect(same('params', '?a=1', '')).toBe(true);
    expect(same('params, except=("id")', '?a=1&id=1', '?id=1&b=2')).toBe(true);
    expect(same('params, except=("id")', '?id=1', '?id=2')).toBe(false);
  });

  test('names are compared as they are meant, not as they are written', () => {
    expect(same('params=("a%20b")', '?a+b=1', '?a%20b=2')).toBe(true);
    expect(same('params=("%C3%A9")', '?%c3%a9=1', '')).toBe(true);
    expect(same('params=("a=b")', '?a%3Db=1', '')).toBe(true);
  });

  test('values are compared as they are meant', () => {
    expect(same('params=("x")', '?a=b+c', '?a=b%20c')).toBe(true);
  });

  const nothing = [
    '',
    'key-order=?0',
    'params=?0',
    'params=()',
    'key-order=1',
    'params=1',
    'params=(a)',
    'params="a"',
  ];
  test.each([...nothing, 'except=("a")', 'params=("a"), except=("b")', 'params, except=1', 'params=(', 'x'])(
    'says nothing as %p',
    (field) => {
      expect(parseNoVarySearch(field)).toBeNull();
    },
  );
});
