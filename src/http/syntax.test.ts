import { describe, expect, test } from 'bun:test';
import { argument, isToken, quoted, split, trim } from './syntax.ts';

describe('split', () => {
  test('trims members and leaves empty ones out', () => {
    expect(split(' a ,\tb,, c ,', ',')).toEqual(['a', 'b', 'c']);
    expect(split(' , ,', ',')).toEqual([]);
  });

  test('does not split within a quoted string', () => {
    expect(split('a="1,2", b', ',')).toEqual(['a="1,2"', 'b']);
    expect(split('a="1\\",2", b', ',')).toEqual(['a="1\\",2"', 'b']);
    expect(split('a="x;y";b', ';')).toEqual(['a="x;y"', 'b']);
  });

  test('lets a quote that is never closed hide nothing', () => {
    expect(split('a="1, no-store', ',')).toEqual(['a="1', 'no-store']);
  });

  test('takes linear time for quotes that are never closed', () => {
    const started = performance.now();
    expect(split('"\\'.repeat(200_000), ',')).toHaveLength(1);
    expect(split(`"${'\\"'.repeat(200_000)}`, ',')).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(2_000); // some 20 ms; quadratic time would be a minute
  });
});

describe('trim', () => {
  test('takes SP and HTAB away, and no other white space', () => {
    expect(trim(' \t a b\t ')).toBe('a b');
    expect(trim('\u00a0a\u00a0')).toBe('\u00a0a\u00a0');
    expect(trim(' \t ')).toBe('');
  });
});

describe('argument', () => {
  test('reads a token and a quoted string', () => {
    expect(argument('60')).toBe('60');
    expect(argument('"60"')).toBe('60');
    expect(argument('"a\\"b\\\\"')).toBe('a"b\\');
    expect(argument('""')).toBe('');
  });

  test('refuses anything else', () => {
    for (const text of ['', '"', '"a', 'a"', '"a"b', '"a\\"', 'a b', "a,'b'"]) {
      expect(argument(text)).toBeUndefined();
    }
  });
});

test('a token is one or more tchar', () => {
  expect(isToken("!#$%&'*+-.^_`|~09azAZ")).toBe(true);
  for (const text of ['', ' ', 'a b', 'a:b', 'a/b', 'ä', '"a"', 'a\n']) expect(isToken(text)).toBe(false);
});

test('quoted escapes what it must and keeps the rest out', () => {
  expect(quoted('hit')).toBe('"hit"');
  expect(quoted('a"b\\c')).toBe('"a\\"b\\\\c"');
  expect(quoted('line\r\nbreak ü')).toBe('"line??break ?"');
});
