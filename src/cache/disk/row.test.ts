import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Entry } from '../../entry.ts';
import type { CacheKey } from '../../resource.ts';
import { entryOf, rowOf } from './row.ts';

const seconds = fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e9, noNaN: true }));
const text = fc.string({ maxLength: 30 });
const fields = fc.array(
  fc.tuple(
    fc.constantFrom('etag', 'content-type', 'last-modified', 'x-own'),
    fc.oneof(text, fc.constantFrom('bytes', '1', 'HIT', 'Sat, 21 Nov 2020 11:58:36 GMT')),
  ),
);
const entries: fc.Arbitrary<Entry> = fc.record({
  key: text.map((key) => key as CacheKey),
  status: fc.integer({ min: 200, max: 599 }),
  fields,
  selecting: fc.array(fc.tuple(text, text), { maxLength: 2 }),
  tags: fc.array(text, { maxLength: 3 }),
  freshness: fc.record({
    receivedMs: fc.nat(),
    initialAgeS: seconds,
    lifetimeS: seconds,
    staleWhileRevalidateS: seconds,
    staleIfErrorS: seconds,
    alwaysRevalidate: fc.boolean(),
    neverStale: fc.boolean(),
    staleIfDisconnectedS: seconds,
    immutable: fc.boolean(),
  }),
  etag: fc.option(fc.oneof(text, fc.constantFrom('bytes', 'HIT'))),
  lastModifiedMs: fc.option(fc.oneof(fc.nat(), fc.constantFrom(1, 1_605_959_916_000))),
  sourceEtag: fc.option(text),
  asOf: fc.nat(),
  sizeBytes: fc.nat(),
  sha256: fc.constant('0123456789abcdef'.repeat(4)),
});

test('an entry comes back from its row as it was', () => {
  fc.assert(fc.property(entries, (entry) => expect(entryOf(rowOf(entry))).toEqual(entry)));
});

test('what entries may get later comes back as well', () => {
  const [plain] = fc.sample(entries, 1);
  if (!plain) throw new Error('no entry');
  const more = { ...plain, more: [1], freshness: { ...plain.freshness, another: true } };
  expect(entryOf(rowOf(more))).toEqual(more);
});
