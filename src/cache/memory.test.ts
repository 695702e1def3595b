import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Entry } from '../entry.ts';
import type { CacheKey } from '../resource.ts';
import { merit } from './eviction/merit.ts';
import { countUse } from './eviction/policy.ts';
import { memory, type Resident } from './memory.ts';

function entry(key: number, variant: number | null, sizeBytes: number, fields = 1): Entry {
  return {
    key: `web /${key}` as CacheKey,
    status: 200,
    fields: Array.from({ length: fields }, (_, n) => [`x-field-${n}`, 'value'] as const),
    selecting: variant === null ? [] : [['x-variant', String(variant)]],
    tags: [],
    freshness: {
      receivedMs: 0,
      initialAgeS: 0,
      lifetimeS: 60,
      staleWhileRevalidateS: 0,
      staleIfErrorS: 0,
      staleIfDisconnectedS: 0,
      immutable: false,
      alwaysRevalidate: false,
      neverStale: false,
    },
    etag: null,
    lastModifiedMs: null,
    sourceEtag: null,
    asOf: 0,
    sizeBytes,
    sha256: '',
  };
}

const body = new Blob([]);
const headersFor = (variant: number) => new Headers({ 'x-variant': String(variant) });

test('keeps what was used rather than what was not', () => {
  const tier = memory(20_000, merit());
  for (let key = 0; key < 8; key++) tier.keep(entry(key, null, 500), body);
  const used = tier.find('web /0' as CacheKey, new Headers());
  if (used) countUse(used);
  for (let key = 8; key < 16; key++) tier.keep(entry(key, null, 500), body);
  expect(tier.find('web /0' as CacheKey, new Headers())).toBe(used);
  expect(tier.find('web /1' as CacheKey, new Headers())).toBeNull();
});

test('what has just been kept is there, though everything else is used more', () => {
  const tier = memory(20_000, merit());
  for (let key = 0; key < 8; key++) {
    const resident = tier.keep(entry(key, null, 500), body)!;
    for (let use = 0; use < 5; use++) countUse(resident);
  }
  for (let key = 8; key < 40; key++) {
    const kept = tier.keep(entry(key, null, 500), body);
    expect(tier.find(entry(key, null, 500).key, new Headers())).toBe(kept);
  }
});

test('someone who asks for everything once leaves in memory what others use', () => {
  const tier = memory(60_000, merit());
  const hot = Array.from({ length: 10 }, (_, key) => entry(key, null, 500));
  for (const each of hot) countUse(tier.keep(each, body)!);
  for (let key = 100; key < 1000; key++) {
    tier.keep(entry(key, null, 500), body);
    const used = tier.find(hot[key % hot.length]!.key, new Headers());
    if (used) countUse(used);
  }
  expect(hot.filter(({ key }) => tier.find(key, new Headers()) !== null).length).toBe(hot.length);
});

test('an update or a new content under the same name does not make a favourite a newcomer', () => {
  const tier = memory(20_000, merit());
  const favourite = tier.keep(entry(0, 1, 500), body)!;
  for (let use = 0; use < 10; use++) countUse(favourite);
  tier.update(favourite, entry(0, 1, 500, 2));
  tier.keep(entry(0, 1, 600), body);
  for (let key = 1; key < 20; key++) tier.keep(entry(key, null, 500), body);
  expect(tier.find(favourite.entry.key, headersFor(1))?.entry.sizeBytes).toBe(600);
});

test('one object takes at most a quarter of everything, and pushes nothing out when it would take more', () => {
  const tier = memory(20_000, merit());
  tier.keep(entry(0, null, 500), body);
  expect(tier.keep(entry(1, null, 5000), body)).toBeNull();
  expect(tier.stats.entries).toBe(1);
  // An older one under the same key must not outlive the news that there is a newer one.
  expect(tier.keep(entry(0, null, 5000), body)).toBeNull();
  expect(tier.stats).toMatchObject({ entries: 0, bytes: 0 });
});

test('what has been dropped is not brought back by a confirmation that comes later', () => {
  const tier = memory(20_000, merit());
  const resident = tier.keep(entry(0, null, 500), body) as Resident;
  tier.drop('web /0' as CacheKey);
  expect(tier.update(resident, entry(0, null, 500)).entry.sizeBytes).toBe(500);
  expect(tier.stats.entries).toBe(0);
});

test('a smaller limit applies at once', () => {
  const tier = memory(100_000, merit());
  for (let key = 0; key < 20; key++) tier.keep(entry(key, null, 500), body);
  tier.resize(10_000);
  expect(tier.stats.bytes).toBeLessThanOrEqual(10_000);
  tier.resize(0);
  expect(tier.stats).toMatchObject({ entries: 0, bytes: 0 });
});

test('the bound holds and nothing is mixed up, whatever is kept, found, updated and dropped', () => {
  const step = fc.record({
    act: fc.constantFrom('keep', 'keep', 'keep', 'find', 'update', 'forget', 'drop', 'resize'),
    key: fc.nat(12),
    variant: fc.option(fc.nat(20)),
    size: fc.nat(6000),
    fields: fc.nat(20),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      let limit = 40_000;
      const tier = memory(limit, merit());
      const keys = Array.from({ length: 13 }, (_, key) => `web /${key}` as CacheKey);
      /** Everything that can be reached, by every variant that it may be reached by. */
      const reachable = () => {
        const found = new Set<Resident>();
        for (const key of keys) {
          for (let variant = 0; variant <= 20; variant++) {
            const resident = tier.find(key, headersFor(variant));
            if (resident) found.add(resident);
            if (resident) expect(resident.entry.key).toBe(key);
            const [selecting] = resident?.entry.selecting ?? [];
            if (selecting) expect(selecting[1]).toBe(String(variant));
          }
        }
        return found;
      };
      for (const { act, key, variant, size, fields } of steps) {
        const name = keys[key] as CacheKey;
        const found = tier.find(name, headersFor(variant ?? 0));
        if (act === 'keep') {
          const kept = tier.keep(entry(key, variant, size, fields), body);
          if (kept) expect(kept.costBytes).toBeLessThanOrEqual(limit / 4);
        }
        if (act === 'find' && found) countUse(found);
        if (act === 'update' && found) {
          const selecting = found.entry.selecting[0];
          const own = selecting ? Number(selecting[1]) : null;
          tier.update(found, entry(key, own, found.entry.sizeBytes, fields));
        }
        if (act === 'forget' && found) tier.forget(found.entry);
        if (act === 'drop') {
          tier.drop(name);
          expect(tier.find(name, headersFor(variant ?? 0))).toBeNull();
        }
        if (act === 'resize') {
          limit = size * 10;
          tier.resize(limit);
        }
        expect(tier.stats.bytes).toBeLessThanOrEqual(limit);
      }
      const all = reachable();
      // A response without variants hides older ones that have them, so that not all can be reached.
      let bytes = 0;
      for (const { costBytes } of all) bytes += costBytes;
      expect(bytes).toBeLessThanOrEqual(tier.stats.bytes);
      expect(all.size).toBeLessThanOrEqual(tier.stats.entries);
      for (const key of keys) tier.drop(key);
      expect(tier.stats).toMatchObject({ entries: 0, bytes: 0 });
    }),
    { numRuns: 300 },
  );
});
