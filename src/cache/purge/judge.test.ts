import { expect, test } from 'bun:test';
import type { Entry, Freshness } from '../../entry.ts';
import type { CacheKey } from '../../resource.ts';
import { ageS, isFresh, mayServeOnError, mayServeWhileRevalidating } from '../freshness.ts';
import { judged } from './judge.ts';
import { openLedger } from './ledger.ts';

/** Received at 0, fresh for 100 s, then stale for 30 s more. */
const freshness: Freshness = {
  receivedMs: 0,
  initialAgeS: 0,
  lifetimeS: 100,
  staleWhileRevalidateS: 30,
  staleIfErrorS: 30,
  alwaysRevalidate: false,
  neverStale: false,
  staleIfDisconnectedS: 0,
  immutable: false,
};
const entry: Entry = {
  key: 'web /' as CacheKey,
  status: 200,
  fields: [],
  selecting: [],
  tags: [],
  freshness,
  etag: null,
  lastModifiedMs: null,
  sourceEtag: null,
  asOf: 0,
  sizeBytes: 0,
  sha256: '',
};

/** After soft purges at these moments. */
function purgedAt(...momentsMs: number[]): Freshness {
  const ledger = openLedger();
  let now = entry;
  for (const atMs of momentsMs) {
    ledger.add({ selector: { by: 'all' }, soft: true }, atMs);
    now = judged(now, ledger) ?? now;
  }
  return now.freshness;
}

test.each([
  [40_000, 40_000],
  [69_999, 40_000],
  [129_999, 110_000],
])('at %d ms, what was purged softly at %d ms is stale and may stand in', (nowMs, purgedMs) => {
  const purged = purgedAt(purgedMs);
  expect(isFresh(purged, nowMs)).toBe(false);
  expect([mayServeWhileRevalidating(purged, nowMs), mayServeOnError(purged, nowMs)]).toEqual([true, true]);
});

test.each([
  [70_000, 40_000],
  [130_000, 110_000],
])('at %d ms, what was purged softly at %d ms is of no use any more', (nowMs, purgedMs) => {
  const purged = purgedAt(purgedMs);
  expect([mayServeWhileRevalidating(purged, nowMs), mayServeOnError(purged, nowMs)]).toEqual([false, false]);
});

test('its age tells the next cache that it is stale', () => {
  expect(ageS(purgedAt(40_000), 41_000)).toBe(101);
});

test('a second purge does not begin its times anew', () => {
  expect(purgedAt(40_000, 60_000)).toEqual(purgedAt(40_000));
});

test('a clock that is set back does not make it fresh again', () => {
  expect(isFresh(purgedAt(40_000), 5000)).toBe(false);
});
