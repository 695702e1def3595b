import { expect, test } from 'bun:test';
import { fieldsToPass, fieldsToStore } from './client-fields.ts';

const names = (headers: Headers) => [...headers.keys()].sort();

test('what no cache key contains and others believe is never passed on', () => {
  const poison = new Headers({
    'x-forwarded-host': 'evil.example',
    'x-forwarded-prefix': '/evil',
    'x-original-url': '/admin',
    'x-http-method-override': 'DELETE',
    forwarded: 'host=evil.example',
    'meridian-tier': 'pop npm 1 f x',
    'accept-language': 'de',
  });
  expect(names(fieldsToStore(poison))).toEqual(['accept-language']);
  expect(names(fieldsToPass(poison))).toEqual(['accept-language']);
});

test('conditions and ranges are answered by the cache, and passed on only where nothing is stored', () => {
  const conditional = new Headers({ 'if-match': '"a"', 'if-none-match': '"b"', range: 'bytes=0-1' });
  expect(names(fieldsToStore(conditional))).toEqual([]);
  expect(names(fieldsToPass(conditional))).toEqual(['if-match', 'if-none-match', 'range']);
});

test('a parent is asked for codings that variants are told apart by, and no other', () => {
  const fields = fieldsToStore(new Headers({ 'accept-encoding': 'deflate, gzip;q=0.5' }));
  expect(fields.get('accept-encoding')).toBe('gzip, identity');
  expect(fieldsToStore(new Headers()).has('accept-encoding')).toBe(false);
});

test('cookies stay apart', () => {
  expect(fieldsToPass(new Headers({ cookie: 'a=1; b=2' })).get('cookie')).toBe('a=1; b=2');
});
