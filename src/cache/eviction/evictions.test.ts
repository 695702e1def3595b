import { expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import type { Entry } from '../../entry.ts';
import type { CacheKey } from '../../resource.ts';
import { memory } from '../memory.ts';
import { sampled } from '../most-used.ts';
import { openLedger } from '../purge/ledger.ts';
import { evictions } from './evictions.ts';
import { merit } from './merit.ts';
import { countUse } from './policy.ts';

function entry(key: string, sizeBytes: number, variant = ''): Entry {
  return {
    key: key as CacheKey,
    status: 200,
    fields: [],
    selecting: variant === '' ? [] : [['x-variant', variant]],
    tags: ['news'],
    freshness: {
      ...{ receivedMs: 1_000, initialAgeS: 0, lifetimeS: 60, staleWhileRevalidateS: 0, staleIfErrorS: 0 },
      ...{ staleIfDisconnectedS: 0, immutable: false, alwaysRevalidate: false, neverStale: false },
    },
    ...{ etag: null, lastModifiedMs: null, sourceEtag: null, asOf: 0, sizeBytes, sha256: '' },
  };
}

function world(limitBytes = 20_000) {
  const clock = virtualClock(11_000);
  const gone = evictions(clock);
  const ledger = openLedger();
  const tier = memory(limitBytes, merit(), ledger, (each) => gone.note('memory', each));
  const keep = (key: string, sizeBytes = 500, variant = '') =>
    tier.keep(entry(key, sizeBytes, variant), new Blob([]));
  const causes = () => gone.latest(100).map(({ key, cause }) => `${key} ${cause}`);
  return { gone, ledger, tier, keep, causes };
}

test('what had to make room is remembered with its age and its uses', () => {
  const { gone, keep } = world();
  const used = keep('web /0');
  if (used) countUse(used);
  for (let at = 1; at < 20; at++) keep(`web /${at}`);
  const went = gone.latest(100);
  expect(new Set(went.map(({ cause }) => cause))).toEqual(new Set(['space']));
  expect(went.at(-1)).toMatchObject({ key: 'web /1', tier: 'memory', ageS: 10, uses: 0, atMs: 11_000 });
  expect(gone.counts).toEqual([{ tier: 'memory', cause: 'space', count: went.length }]);
});

test('a purge, a withdrawal and too many variants are told apart', () => {
  const { tier, keep, ledger, causes } = world(200_000);
  keep('web /dropped');
  tier.drop('web /dropped' as CacheKey);
  keep('web /withdrawn');
  tier.forget(entry('web /withdrawn', 500));
  keep('web /tagged');
  ledger.add({ selector: { by: 'tag', tag: 'news' }, soft: false }, 0);
  expect(tier.find('web /tagged' as CacheKey, new Headers())).toBeNull();
  for (let variant = 0; variant < 17; variant++)
    tier.keep({ ...entry('web /v', 500, `${variant}`), asOf: 1 }, new Blob([]));
  expect(causes()).toEqual([
    'web /v variants',
    'web /tagged purged',
    'web /withdrawn withdrawn',
    'web /dropped purged',
  ]);
});

test('what a newer response replaces is counted and not remembered, and what is confirmed is neither', () => {
  const { tier, keep, gone, causes } = world();
  const first = keep('web /a');
  if (first) tier.update(first, { ...entry('web /a', 500), etag: '"1"' });
  expect(gone.counts).toEqual([]);
  keep('web /a', 600);
  expect(gone.counts).toEqual([{ tier: 'memory', cause: 'replaced', count: 1 }]);
  expect(causes()).toEqual([]);
});

test('the last hundred are remembered, the newest first', () => {
  const gone = evictions(virtualClock());
  for (let at = 0; at < 250; at++)
    gone.note('disk', { key: `web /${at}`, cause: 'unused', bytes: 1, receivedMs: 0, uses: null });
  const keys = gone.latest(1_000).map(({ key }) => key);
  expect([keys.length, keys[0], keys[99]]).toEqual([100, 'web /249', 'web /150']);
  expect(gone.latest(2)).toHaveLength(2);
  expect(gone.counts).toEqual([{ tier: 'disk', cause: 'unused', count: 250 }]);
});

test('what memory has used most is found, some thousands of residents at a time', () => {
  const { tier } = world(100_000_000);
  const look = sampled(tier);
  expect(look()).toEqual([]);
  for (let at = 0; at < 12_000; at++) {
    const resident = tier.keep(entry(`web /${at}`, 10), new Blob([]), at === 11_999);
    for (let uses = at % 4_000 === 3_999 ? at / 500 : 0; resident && uses > 0; uses--) countUse(resident);
  }
  expect(look().map(({ key }) => key)).toEqual(['web /3999']);
  look();
  const all = look();
  expect(all.map(({ key, why }) => [key, why])).toEqual([
    ['web /11999', 'near'],
    ['web /7999', 'used'],
    ['web /3999', 'used'],
  ]);
  // The next round begins with what is known of the last one.
  expect(look()).toEqual(all);
  tier.drop('web /11999' as CacheKey);
  look();
  expect(look().map(({ key }) => key)).toEqual(['web /7999', 'web /3999']);
});
