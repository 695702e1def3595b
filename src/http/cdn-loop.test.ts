import { expect, test } from 'bun:test';
import { appendCdnLoop, parseCdnLoop, passesThrough } from './cdn-loop.ts';

test('the networks on the way are read', () => {
  const example = 'foo123.foocdn.example, barcdn.example; trace="abcdef", AnotherCDN; abc=123; def="4,;56"';
  expect(parseCdnLoop(example)).toEqual(['foo123.foocdn.example', 'barcdn.example', 'anothercdn']);
  expect(parseCdnLoop('cdn.example:8443, [2001:db8::1]:80, [::1]')).toEqual([
    'cdn.example:8443',
    '[2001:db8::1]:80',
    '[::1]',
  ]);
  expect(parseCdnLoop('')).toEqual([]);
});

test('a malformed field is not', () => {
  const malformed = [
    'a b',
    'a/b',
    '"a"',
    'a;b',
    'a;b=',
    'a; b = c',
    'a;b="c',
    'a:b',
    '[x]',
    '[::1',
    '[]',
    'é',
    'a, ;b=c',
    ':80',
  ];
  for (const value of malformed) expect(parseCdnLoop(value)).toBeUndefined();
});

test('a request that has been here is noticed', () => {
  expect(passesThrough('other.example, meridian-7', 'meridian-7')).toBe(true);
  expect(passesThrough('Meridian-7; hops=2', 'meridian-7')).toBe(true);
  expect(passesThrough('meridian-70, x-meridian-7, a;b="meridian-7"', 'meridian-7')).toBe(false);
  expect(passesThrough('', 'meridian-7')).toBe(false);
});

test('and so is an attempt to hide it', () => {
  expect(passesThrough('x="meridian-7', 'meridian-7')).toBe(true);
  expect(passesThrough('(meridian-7)', 'meridian-7')).toBe(true);
});

test('the next one learns of this one', () => {
  expect(appendCdnLoop(null, 'b')).toBe('b');
  expect(appendCdnLoop('', 'b')).toBe('b');
  expect(appendCdnLoop('a;x="1,2"', 'b')).toBe('a;x="1,2", b');
});
