import { describe, expect, test } from 'bun:test';
import { listMatches, parseEntityTag, strongMatch, weakMatch } from './etag.ts';

test('an entity tag is strong or weak, and opaque', () => {
  expect(parseEntityTag('"xyzzy"')).toEqual({ weak: false, opaque: '"xyzzy"' });
  expect(parseEntityTag('W/"xyzzy"')).toEqual({ weak: true, opaque: '"xyzzy"' });
  expect(parseEntityTag('""')).toEqual({ weak: false, opaque: '""' });
  expect(parseEntityTag('"a\\,ü"')).toEqual({ weak: false, opaque: '"a\\,ü"' });
});

test('anything else is not an entity tag', () => {
  for (const value of [
    '',
    'xyzzy',
    '"a',
    'a"',
    '"a"b',
    '"a b"',
    '"a"b"',
    'w/"a"',
    'W"a"',
    'W/a',
    ' "a"',
    '"\t"',
    '"a"\n',
  ]) {
    expect(parseEntityTag(value)).toBeUndefined();
  }
});

test('comparison follows the table of RFC 9110 §8.8.3.2', () => {
  const table = [
    ['W/"1"', 'W/"1"', false, true],
    ['W/"1"', 'W/"2"', false, false],
    ['W/"1"', '"1"', false, true],
    ['"1"', '"1"', true, true],
  ] as const;
  for (const [a, b, strong, weak] of table) {
    expect(strongMatch(a, b)).toBe(strong);
    expect(strongMatch(b, a)).toBe(strong);
    expect(weakMatch(a, b)).toBe(weak);
    expect(weakMatch(b, a)).toBe(weak);
  }
});

describe('a list', () => {
  test('matches by any of its members', () => {
    for (const list of ['"x", "1", "2"', '"1","x"', ' "1" ,\tW/"x"', ',,"x",']) {
      expect(listMatches(list, '"x"', weakMatch)).toBe(true);
    }
    expect(listMatches('"1", "2"', '"x"', weakMatch)).toBe(false);
    expect(listMatches('', '"x"', weakMatch)).toBe(false);
  });

  test('compares strongly where that is asked for', () => {
    expect(listMatches('W/"x"', '"x"', strongMatch)).toBe(false);
    expect(listMatches('W/"x", "x"', '"x"', strongMatch)).toBe(true);
  });

  test('may hold tags with commas and backslashes', () => {
    expect(listMatches('"a,b", "c\\", "d"', '"c\\"', weakMatch)).toBe(true);
    expect(listMatches('"a,b", "c"', '"a,b"', weakMatch)).toBe(true);
    expect(listMatches('"a,b"', 'b', weakMatch)).toBe(false);
    expect(listMatches('"a, "x"', '"x"', weakMatch)).toBe(false);
  });

  test('may hold the unquoted tag of a sloppy origin', () => {
    expect(listMatches('"1", abc', 'abc', weakMatch)).toBe(true);
    expect(listMatches('abc', '"abc"', weakMatch)).toBe(false);
  });
});
