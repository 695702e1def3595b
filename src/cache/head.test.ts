import { expect, test } from 'bun:test';
import { resource } from '../../test/support/builders.ts';
import { answerOf } from './answers.contract.ts';
import { freshnessOf } from './freshness.ts';
import { headOf, ownFields } from './head.ts';

const now = Date.UTC(2026, 0, 1);

function stored(fields: Record<string, string>, request: Record<string, string> = {}) {
  const answer = answerOf('hello', fields);
  const freshness = freshnessOf(answer.headers, now, now, undefined);
  const head = headOf(resource(), new Headers(request), answer, freshness);
  return { ...head, fields: Object.fromEntries(head.fields) };
}

test('what belongs to one passage or one connection is not stored', () => {
  const fields = {
    age: '5',
    connection: 'x-hop',
    'x-hop': '1',
    'keep-alive': 'a',
    te: 'b',
    date: 'd',
    'x-kept': '1',
  };
  expect(stored(fields).fields).toEqual({ date: 'd', 'x-kept': '1' });
});

test('a response without a date gets that of its arrival', () => {
  expect(stored({}).fields['date']).toBe('Thu, 01 Jan 2026 00:00:00 GMT');
});

test('fields that no-cache and private name are not stored, but are for the one who asked', () => {
  const fields = { 'cache-control': 'private="x-a", no-cache="X-B"', 'x-a': '1', 'x-b': '2', 'x-c': '3' };
  expect(stored(fields).fields).toMatchObject({ 'x-c': '3' });
  expect(Object.keys(stored(fields).fields)).not.toContain('x-a');
  expect(Object.keys(stored(fields).fields)).not.toContain('x-b');
  expect(ownFields(new Headers(fields))).toEqual([
    ['x-a', '1'],
    ['x-b', '2'],
  ]);
  expect(ownFields(new Headers({ 'x-a': '1' }))).toBeUndefined();
});

test('the targeted field decides which these are, where there is one', () => {
  const fields = { 'cache-control': 'private="x-a"', 'cdn-cache-control': 'max-age=1', 'x-a': '1' };
  expect(stored(fields).fields).toMatchObject({ 'x-a': '1' });
});

test('selecting fields are normalised', () => {
  const { selecting } = stored({ vary: 'Accept-Language' }, { 'accept-language': 'DE;q=0.5, en' });
  expect(selecting).toEqual([['accept-language', 'en,de;q=500']]);
});
