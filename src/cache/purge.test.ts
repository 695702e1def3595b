import { expect, test } from 'bun:test';
import { eventually } from '../../test/support/wait.ts';
import type { Entry } from '../entry.ts';
import type { CacheKey } from '../resource.ts';
import { answerOf, maxAge, noise } from './answers.contract.ts';
import { type World, world } from './world.contract.ts';

const key = 'web /' as CacheKey;
const large = noise(500_000);
const fields = { ...maxAge(60), etag: '"1"' };

async function store(
  here: World,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<void> {
  here.parent = () => answerOf(body, { ...fields, vary: 'x-mode' });
  await (await here.get({ headers })).bytes();
  await eventually('the fill', () => here.cache.stats.fills === 0, { everyMs: 1 });
}

async function onDisk(here: World, entries: number): Promise<void> {
  await eventually('the disk', () => here.cache.stats.disk?.entries === entries, { everyMs: 1 });
}

test('a dropped key is gone from memory and disk, with all its variants', async () => {
  await using here = await world({ disk: true });
  for (const mode of ['a', 'b']) await store(here, 'small', { 'x-mode': mode });
  await store(here, large, { 'x-mode': 'c' });
  await onDisk(here, 3);
  here.cache.drop(key);
  expect(here.cache.stats).toMatchObject({ memory: { entries: 0 }, disk: { entries: 0 } });
  for (const mode of ['a', 'b', 'c']) {
    const reply = await here.get({ headers: { 'x-mode': mode } });
    expect(reply.outcome).not.toStartWith('hit');
    await reply.bytes();
  }
});

test('a fill that was under way goes to those who wait for it, and is not stored', async () => {
  for (const body of ['small', large]) {
    await using here = await world({ disk: true });
    const before = here.get();
    const pieces = (await here.nextAsk()).stream(fields);
    await before;
    here.cache.drop(key);
    const after = here.get();
    const second = await here.nextAsk();
    const reading = (await before).bytes();
    await pieces.push(body);
    await pieces.end();
    expect(Buffer.from(await reading).equals(Buffer.from(body))).toBe(true);
    expect(here.cache.stats.memory.entries).toBe(0);
    second.answer('new', fields);
    expect(await (await after).text()).toBe('new');
    await here.quiet();
    expect(await (await here.get()).text()).toBe('new');
    await onDisk(here, 1);
  }
});

test('requests that waited for an answer asked for before are served, those that come later ask anew', async () => {
  await using here = await world();
  const before = [here.get(), here.get()];
  const first = await here.nextAsk();
  here.cache.drop(key);
  const after = [here.get(), here.get()];
  const second = await here.nextAsk();
  first.answer('old', fields);
  second.answer('new', fields);
  const texts = await Promise.all([...before, ...after].map(async (reply) => (await reply).text()));
  expect(texts).toEqual(['old', 'old', 'new', 'new']);
  await here.quiet();
  expect(await (await here.get()).text()).toBe('new');
  expect(here.asked).toHaveLength(2);
});

test('a small body on its way to disk does not come back', async () => {
  await using here = await world({ disk: true });
  await store(here, 'small');
  here.cache.drop(key);
  // Closing waits for what is on its way.
  await here.cache.close();
  expect(here.cache.stats.disk?.entries).toBe(0);
});

test('an entry on its way from disk to memory does not come back', async () => {
  await using here = await world({ disk: true, memoryBytes: 800_000, memoryObjectBytes: 160_000 });
  await store(here, noise(100_000));
  for (let n = 0; n < 10; n++) {
    here.parent = () => answerOf(noise(100_000), fields);
    await (await here.get({ key: `web /${n}` })).bytes();
  }
  await onDisk(here, 11);
  here.parent = null;
  await (await here.get()).bytes(); // As a file: it moves up the next time.
  const reading = here.get();
  here.cache.drop(key);
  const asked = await eventually('a new question', () => here.asked[11], { everyMs: 1 });
  asked.answer('new', fields);
  expect(await (await reading).text()).toBe('new');
});

test('a 304 for a dropped entry serves the one who asked, and stores nothing', async () => {
  await using here = await world({ disk: true });
  await store(here, 'old');
  await onDisk(here, 1);
  here.clock.advance(60_000);
  here.parent = null;
  await here.nextAsk();
  const asking = here.get();
  const asked = await here.nextAsk();
  here.cache.drop(key);
  asked.confirm();
  expect(await (await asking).text()).toBe('old');
  expect(here.cache.stats).toMatchObject({ memory: { entries: 0 }, disk: { entries: 0 } });
});

test('a drop holds while the disk is out of use', async () => {
  await using here = await world({ disk: true });
  await store(here, large);
  here.disk?.failed(new Error('input/output error'));
  here.cache.drop(key);
  here.clock.advance(60_000);
  expect(here.cache.stats.disk).toMatchObject({ entries: 0, state: 'ready' });
});

test('what the parent tells to forget is one variant', async () => {
  await using here = await world({ disk: true });
  for (const mode of ['a', 'b']) await store(here, `mode ${mode}`, { 'x-mode': mode });
  await onDisk(here, 2);
  here.parent = () => answerOf('', { 'cache-control': 'no-store' });
  await (await here.get({ headers: { 'x-mode': 'a', 'cache-control': 'no-cache' } })).text();
  expect(here.cache.stats).toMatchObject({ memory: { entries: 1 }, disk: { entries: 1 } });
  expect((await here.get({ headers: { 'x-mode': 'b' } })).outcome).toBe('hit');
});

test('entries are dropped by key, not by what their keys begin with', async () => {
  await using here = await world({ disk: true });
  here.parent = () => answerOf('x', fields);
  for (const other of ['web /', 'web /a', 'web /%']) await (await here.get({ key: other })).text();
  await onDisk(here, 3);
  here.cache.drop('web /%' as CacheKey);
  expect(here.cache.stats.disk?.entries).toBe(2);
  const kept: (Entry['key'] | string)[] = ['web /', 'web /a'];
  for (const other of kept) expect((await here.get({ key: other })).outcome).toBe('hit');
});
