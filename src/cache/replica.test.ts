import { describe, expect, test } from 'bun:test';
import type { CacheKey } from '../resource.ts';
import { answerOf, maxAge } from './answers.contract.ts';
import { type World, world } from './world.contract.ts';

const key = 'web /' as CacheKey;
const none = new Headers();

/** One that has it from its parent. */
async function owner(fields: Record<string, string> = {}, body = 'body'): Promise<World> {
  const here = await world();
  here.parent = () => answerOf(body, { ...maxAge(60), 'cache-tag': 'news', etag: '"1"', ...fields });
  await (await here.get()).bytes();
  return here;
}

function copyOf(here: World, headers = none) {
  const found = here.cache.original(key, headers);
  if (!found) return null;
  const { asOf: _, sha256: __, ...entry } = found.entry;
  return entry;
}

const bytes = new TextEncoder().encode('body');

describe('a copy', () => {
  test('is the entry as it is where it comes from, until that expires', async () => {
    await using from = await owner();
    await using to = await world({ clock: from.clock });
    from.clock.advance(20_000);
    const coming = to.cache.expectReplica(key);
    expect(coming.keep(copyOf(from)!, bytes)).toBe(true);
    coming.end();
    const reply = await to.get();
    expect([reply.outcome, await reply.text()]).toEqual(['hit', 'body']);
    from.clock.advance(39_000);
    expect((await to.get()).outcome).toBe('hit');
    from.clock.advance(2_000);
    to.parent = () => answerOf('new', maxAge(60));
    expect((await to.get()).outcome).not.toBe('hit');
  });

  test.each([
    ['hard by key', { selector: { by: 'key', key }, soft: false }],
    ['hard by tag', { selector: { by: 'tag', tag: 'news' }, soft: false }],
    ['soft by tag', { selector: { by: 'tag', tag: 'news' }, soft: true }],
    ['hard of all', { selector: { by: 'all' }, soft: false }],
  ] as const)('is not kept after a purge, %s, that came after it was asked for', async (_, purge) => {
    await using from = await owner();
    await using to = await world({ clock: from.clock });
    const coming = to.cache.expectReplica(key);
    const entry = copyOf(from)!;
    to.cache.purge(purge, false);
    expect(coming.keep(entry, bytes)).toBe(false);
    coming.end();
    expect(to.cache.stats.memory.entries).toBe(0);
    // Nor does a purge of before keep one away for good.
    const next = to.cache.expectReplica(key);
    expect(next.keep(entry, bytes)).toBe(true);
    next.end();
  });

  test.each([
    ['hard by key', { selector: { by: 'key', key }, soft: false }],
    ['hard by tag', { selector: { by: 'tag', tag: 'news' }, soft: false }],
    ['soft by tag', { selector: { by: 'tag', tag: 'news' }, soft: true }],
  ] as const)('is purged like any entry, %s', async (_, purge) => {
    await using from = await owner();
    await using to = await world({ clock: from.clock });
    const coming = to.cache.expectReplica(key);
    coming.keep(copyOf(from)!, bytes);
    coming.end();
    expect((await to.get()).outcome).toBe('hit');
    to.cache.purge(purge, false);
    to.parent = () => answerOf('new', maxAge(60));
    const reply = await to.get();
    expect(reply.outcome).not.toBe('hit');
    await reply.bytes();
  });

  test('is counted as one, and no more once this worker has confirmed it itself', async () => {
    await using from = await owner();
    await using to = await world({ clock: from.clock });
    const coming = to.cache.expectReplica(key);
    coming.keep(copyOf(from)!, bytes);
    coming.end();
    expect(to.cache.stats.memory).toMatchObject({ entries: 1, copies: 1 });
    expect(to.cache.stats.memory.copyBytes).toBe(to.cache.stats.memory.bytes);
    to.cache.purge({ selector: { by: 'tag', tag: 'news' }, soft: true }, false);
    to.parent = (ask) =>
      ask.stored === null ? answerOf('new', maxAge(60)) : answerOf('', { ...maxAge(60), etag: '"1"' }, 304);
    expect(await (await to.get()).text()).toBe('body');
    expect(to.cache.stats.memory).toMatchObject({ entries: 1, copies: 0, copyBytes: 0 });
  });

  test('does not push out what the worker keeps itself', async () => {
    await using from = await owner({}, 'x'.repeat(10_000));
    await using to = await world({ clock: from.clock, memoryBytes: 400_000 });
    to.parent = () => answerOf('y'.repeat(10_000), maxAge(60));
    for (let which = 0; which < 40; which++) await (await to.get({ key: `/own-${which}` })).bytes();
    const before = to.cache.stats.memory;
    expect(before.evicted).toBeGreaterThan(0);
    const body = new TextEncoder().encode('x'.repeat(10_000));
    for (let which = 0; which < 40; which++) {
      const other = `web /near-${which}` as CacheKey;
      const coming = to.cache.expectReplica(other);
      expect(coming.keep({ ...copyOf(from)!, key: other }, body)).toBe(true);
      coming.end();
      const { copyBytes, bytes, limitBytes } = to.cache.stats.memory;
      expect(copyBytes).toBeLessThanOrEqual(400_000 / 8);
      expect(bytes).toBeLessThanOrEqual(limitBytes);
    }
    const after = to.cache.stats.memory;
    expect(after.copies).toBeGreaterThan(0);
    expect(after.bytes - after.copyBytes).toBeGreaterThan(before.bytes - 400_000 / 8 - 15_000);
  });

  test('does not take the place of something fresh, and does of something stale', async () => {
    await using from = await owner();
    await using to = await owner({}, 'own');
    const entry = copyOf(from)!;
    const first = to.cache.expectReplica(key);
    expect(first.keep(entry, bytes)).toBe(false);
    first.end();
    to.clock.advance(61_000);
    const second = to.cache.expectReplica(key);
    const { clock } = to;
    const fresh = { ...entry, freshness: { ...entry.freshness, receivedMs: clock.now() } };
    expect(second.keep(fresh, bytes)).toBe(true);
    second.end();
    expect(await (await to.get()).text()).toBe('body');
  });

  test('is given of what is fresh in memory, in the variant that the request selects', async () => {
    await using here = await world();
    here.parent = ({ exchange }) =>
      answerOf(`in ${exchange.headers.get('x-mode')}`, { ...maxAge(60), vary: 'x-mode' });
    await (await here.get({ headers: { 'x-mode': 'a' } })).bytes();
    expect(copyOf(here, new Headers({ 'x-mode': 'a' }))?.selecting).toEqual([['x-mode', 'a']]);
    expect(copyOf(here, new Headers({ 'x-mode': 'b' }))).toBeNull();
    here.clock.advance(61_000);
    expect(copyOf(here, new Headers({ 'x-mode': 'a' }))).toBeNull();
  });

  test('is not given of what is purged softly, private, or not to be stored', async () => {
    await using soft = await owner();
    soft.cache.purge({ selector: { by: 'tag', tag: 'news' }, soft: true }, false);
    expect(copyOf(soft)).toBeNull();
    for (const directive of ['private, max-age=60', 'no-store', 'no-cache, max-age=60']) {
      await using here = await owner({ 'cache-control': directive });
      expect(copyOf(here)).toBeNull();
    }
  });
});

test('hits are counted by key, sixteen at a time', async () => {
  const counted: [string, number][] = [];
  await using here = await world({ hits: (of, hits) => void counted.push([of, hits]) });
  here.parent = ({ exchange }) =>
    answerOf(exchange.headers.get('x-mode') ?? '', { ...maxAge(60), vary: 'x-mode' });
  for (let count = 0; count < 40; count++) {
    await (await here.get({ headers: { 'x-mode': 'a' } })).bytes();
    await (await here.get({ headers: { 'x-mode': 'b' } })).bytes();
  }
  // The first of each was a miss.
  expect(counted).toEqual(Array.from({ length: 4 }, () => [key, 16]));
});
