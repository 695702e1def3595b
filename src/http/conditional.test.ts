import { expect, test } from 'bun:test';
import type { Entry } from '../entry.ts';
import { askConditionally } from './conditional.ts';

const lastModifiedMs = Date.UTC(2026, 0, 1);
const date = 'Thu, 01 Jan 2026 00:00:00 GMT';

function asked(stored: Pick<Entry, 'etag' | 'sourceEtag' | 'lastModifiedMs'>): Record<string, string> {
  const headers = new Headers();
  askConditionally(headers, stored as Entry);
  return Object.fromEntries(headers);
}

test('a parent is asked with every validator that it has given', () => {
  const none = { etag: null, sourceEtag: null, lastModifiedMs: null };
  expect(asked(none)).toEqual({});
  expect(asked({ ...none, etag: '"1"' })).toEqual({ 'if-none-match': '"1"' });
  expect(asked({ ...none, lastModifiedMs })).toEqual({ 'if-modified-since': date });
  expect(asked({ ...none, etag: '"1"', lastModifiedMs })).toEqual({
    'if-none-match': '"1"',
    'if-modified-since': date,
  });
});

test('of what was rewritten here, with the tag that the parent knows, alone', () => {
  expect(asked({ etag: '"own"', sourceEtag: '"1"', lastModifiedMs })).toEqual({ 'if-none-match': '"1"' });
});
