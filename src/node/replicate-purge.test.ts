import { afterEach, expect, test } from 'bun:test';
import { maxAge, turns } from '../cache/answers.contract.ts';
import { answering, filled, leaveRegions, node, region, whileMs } from './region.contract.ts';

afterEach(leaveRegions);

const key = { by: 'key', key: 'web /' } as const;
const place = (sequence: number) => ({ log: 'bus', sequence });

test.each([
  ['its key', { by: 'key', key: 'web /' } as const],
  ['the beginning of its key', { by: 'prefix', prefix: 'web /' } as const],
  ['a pattern', { by: 'glob', glob: '*' } as const],
  ['a tag of its own', { by: 'tag', tag: 'news' } as const],
  ['its route', { by: 'route', route: 'web' } as const],
  ['all', { by: 'all' } as const],
])('a purge by %s, at any node of the region, is the end of a copy', async (_, selector) => {
  const at = region();
  const first = await filled(at, 'old', { ...maxAge(60), 'cache-tag': 'news' });
  first.world.cache.purge({ selector, soft: false }, false);
  await turns();
  const second = await node(at);
  second.world.parent = answering('new', { ...maxAge(60), 'cache-tag': 'news' });
  const { text, status } = await second.get();
  expect([text, status]).toEqual(['new', 'eu;fwd=stale;fwd-status=200;stored;detail=purged']);
  const third = await node(at);
  expect((await third.get()).text).toBe('new');
});

test('a purge of something else is not', async () => {
  const at = region();
  const first = await filled(at, 'old', { ...maxAge(60), 'cache-tag': 'news' });
  for (const selector of [
    { by: 'key', key: 'web /other' },
    { by: 'tag', tag: 'sport' },
    { by: 'route', route: 'npm' },
  ] as const)
    first.world.cache.purge({ selector, soft: false }, false);
  await turns();
  const second = await node(at);
  expect((await second.get()).text).toBe('old');
});

test('what was asked for before a purge and copied after it does not come back', async () => {
  const at = region();
  const first = await node(at);
  const asking = first.world.get();
  const asked = await first.world.nextAsk();
  const other = await node(at);
  other.world.cache.purge({ selector: { by: 'key', key: 'web /' }, soft: false }, false);
  await turns();
  asked.answer('old', maxAge(60));
  await (await asking).bytes();
  await turns();
  expect(at.store.values.size).toBe(1);
  const second = await node(at);
  second.world.parent = answering('new');
  expect((await second.get()).text).toBe('new');
});

test('a purge that the store could not take keeps this node from what it concerns until the store has taken it', async () => {
  const at = region();
  const first = await filled(at, 'old');
  at.store.trouble = 'fails';
  first.world.cache.purge({ selector: { by: 'key', key: 'web /' }, soft: false }, false);
  await turns();
  at.store.trouble = null;
  first.world.parent = answering('new', { 'cache-control': 'no-store' });
  expect((await first.get()).status).toBe('eu;fwd=bypass;fwd-status=200;detail=purging');
  expect(first.copies.stats.marksPending).toBe(1);
  at.clock.advance(1000);
  await turns();
  expect(first.copies.stats.marksPending).toBe(0);
  expect((await first.get()).status).toBe('eu;fwd=stale;fwd-status=200;detail=purged');
});

test('when marks are lost, nothing from before is taken', async () => {
  const at = region();
  await filled(at, 'old');
  at.store.loseMarks();
  const second = await node(at);
  second.world.parent = answering('new');
  expect((await second.get()).text).toBe('new');
});

test('more purges than wait for the store at once become one of everything', async () => {
  const at = region();
  const first = await filled(at, 'old');
  at.store.trouble = 'fails';
  for (let count = 0; count < 10_000; count++)
    first.world.cache.purge({ selector: { by: 'key', key: `web /${count}` }, soft: false }, false);
  expect(first.copies.stats.marksPending).toBeLessThan(4200);
  await turns();
  at.store.trouble = null;
  at.clock.advance(1000);
  await turns();
  const second = await node(at);
  second.world.parent = answering('new');
  expect((await second.get()).text).toBe('new');
});

test('what a node copies that has not heard of the purge yet is not taken by one that has', async () => {
  const at = region();
  let reached = 1;
  const ahead = await node(at, { followed: () => place(reached) });
  const behind = await node(at, { followed: () => place(1) });
  reached = 2;
  ahead.world.cache.purge({ selector: key, soft: false }, false);
  await turns();
  // Its parent has not heard of it either.
  behind.world.parent = answering('old');
  await behind.get();
  ahead.world.parent = answering('new', { 'cache-control': 'no-store' });
  const { text, status } = await ahead.get();
  expect([text, status]).toEqual(['new', 'eu;fwd=bypass;fwd-status=200;detail=purging']);
});

test('nor by anybody, once the one who has not heard of it must have noticed that he is cut off', async () => {
  const at = region();
  let reached = 1;
  const ahead = await node(at, { followed: () => place(reached) });
  const behind = await node(at, { followed: () => place(1) });
  reached = 2;
  ahead.world.cache.purge({ selector: key, soft: false }, false);
  await turns();
  behind.world.parent = answering('old', maxAge(3600));
  await behind.get();
  at.clock.advance(whileMs + 1000);
  await turns();
  const late = await node(at, { followed: () => place(2) });
  late.world.parent = answering('new');
  expect((await late.get()).text).toBe('new');
});

test('what a node copies that has heard of the purge is taken at once', async () => {
  const at = region();
  let reached = 1;
  const [first, second] = [0, 1].map(() => node(at, { followed: () => place(reached) }));
  const [one, other] = [await first!, await second!];
  reached = 2;
  for (const each of [one, other]) each.world.cache.purge({ selector: key, soft: false }, false);
  await turns();
  one.world.parent = answering('new');
  await one.get();
  expect(await other.get()).toMatchObject({ text: 'new', wasAsked: false });
});

test('a node that has just begun takes nothing from one that is behind it', async () => {
  const at = region();
  const behind = await node(at, { followed: () => place(1) });
  behind.world.parent = answering('old');
  await behind.get();
  const begun = await node(at, { followed: () => place(2) });
  begun.world.parent = answering('new', { 'cache-control': 'no-store' });
  expect((await begun.get()).text).toBe('new');
  at.clock.advance(whileMs);
  expect((await begun.get({ key: 'web /' })).text).toBe('old');
});

test('a node that is unsure takes nothing and copies nothing', async () => {
  const at = region();
  await filled(at, 'old');
  const unsure = await node(at, { followed: () => 'unsure' });
  unsure.world.parent = answering('new');
  expect((await unsure.get()).status).toBe('eu;fwd=bypass;fwd-status=200;detail=purging');
  await unsure.get({ key: 'web /other' });
  expect(at.store.values.size).toBe(1);
});
