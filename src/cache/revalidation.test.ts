import { expect, test } from 'bun:test';
import { answerOf, failureOf } from './answers.contract.ts';
import { remainingS } from './freshness.ts';
import { type World, world } from './world.contract.ts';

const stored = {
  'cache-control': 'max-age=60',
  etag: '"1"',
  'x-kept': 'a',
  'x-changed': 'a',
  'content-type': 'text/plain',
};

/** A stored response that has just become stale. */
async function expire(here: World, fields: Record<string, string> = stored): Promise<void> {
  here.parent = () => answerOf('body', fields);
  await (await here.get()).text();
  await here.quiet();
  here.clock.advance(60_000);
}

test('a 304 keeps the body, merges the fields, and makes the response fresh again', async () => {
  await using here = await world();
  await expire(here);
  const news = {
    'x-changed': 'b',
    'x-new': 'b',
    'content-type': 'text/html',
    etag: '"1"',
    'cache-control': 'max-age=10',
  };
  here.parent = () => answerOf(null, news, 304);
  const reply = await here.get();
  expect([reply.outcome, reply.status, await reply.text()]).toEqual(['revalidated', 200, 'body']);
  const again = await here.get();
  expect(again.outcome).toBe('hit');
  const names = ['x-kept', 'x-changed', 'x-new', 'content-type', 'etag'];
  expect(names.map((name) => again.field(name))).toEqual(['a', 'b', 'b', 'text/html', '"1"']);
  here.clock.advance(10_000);
  expect((await here.get()).outcome).toBe('revalidated');
});

test('a 304 that says nothing of freshness renews what the stored response said', async () => {
  await using here = await world();
  await expire(here, { ...stored, date: 'Thu, 01 Jan 2026 00:00:00 GMT' });
  here.parent = () => answerOf(null, {}, 304);
  await here.get();
  const { source } = (await here.get()).served;
  if (source.from !== 'memory') throw new Error(`expected memory, got ${source.from}`);
  expect(remainingS(source.entry.freshness, here.clock.now())).toBe(60);
  expect((await here.get()).field('date')).toBe('Thu, 01 Jan 2026 00:01:00 GMT');
});

test('a 304 passed on by another cache is as old as that says', async () => {
  await using here = await world();
  await expire(here);
  here.parent = () => answerOf(null, { age: '50' }, 304);
  await here.get();
  here.clock.advance(9999);
  expect((await here.get()).outcome).toBe('hit');
  here.clock.advance(1);
  expect((await here.get()).outcome).not.toBe('hit');
});

test('a 304 for another entity tag speaks of something else: the whole response is asked for', async () => {
  await using here = await world();
  await expire(here);
  here.parent = ({ stored: known }) =>
    known ? answerOf(null, { etag: '"2"' }, 304) : answerOf('new', { ...stored, etag: '"2"' });
  const reply = await here.get();
  expect([reply.outcome, await reply.text()]).toEqual(['expired', 'new']);
  expect(here.asked.map(({ ask }) => ask.stored?.etag)).toEqual([undefined, '"1"', undefined]);
});

test('a 304 may weaken the entity tag', async () => {
  await using here = await world();
  await expire(here);
  here.parent = () => answerOf(null, { etag: 'W/"1"' }, 304);
  expect((await here.get()).outcome).toBe('revalidated');
  expect((await here.get()).field('etag')).toBe('"1"');
});

test('a 304 that varies by other fields is not believed', async () => {
  await using here = await world();
  await expire(here);
  here.parent = ({ stored: known }) =>
    known
      ? answerOf(null, { vary: 'accept-language' }, 304)
      : answerOf('new', { ...stored, vary: 'accept-language' });
  expect(await (await here.get({ headers: { 'accept-language': 'de' } })).text()).toBe('new');
  await here.quiet();
  expect((await here.get({ headers: { 'accept-language': 'de' } })).outcome).toBe('hit');
  expect((await here.get({ headers: { 'accept-language': 'fr' } })).outcome).not.toBe('hit');
});

test('a 304 that nobody asked for is an error of the parent', async () => {
  await using here = await world();
  here.parent = () => answerOf(null, {}, 304);
  expect((await failureOf(here.get())).code).toBe('upstream-invalid');
});

test('a 304 with no-store or private ends the storing, not the answer', async () => {
  for (const control of ['no-store', 'private']) {
    await using here = await world();
    await expire(here);
    here.parent = () => answerOf(null, { 'cache-control': control }, 304);
    expect(await (await here.get()).text()).toBe('body');
    expect(here.cache.stats.memory.entries).toBe(0);
  }
});

test('a 304 to a request with credentials refreshes nothing for those without', async () => {
  await using here = await world();
  await expire(here);
  here.parent = () => answerOf(null, {}, 304);
  const reply = await here.get({ headers: { authorization: 'Bearer a' } });
  expect(await reply.text()).toBe('body');
  const { source } = (await here.get()).served;
  expect(source.from).toBe('memory');
  expect(here.asked).toHaveLength(3);
});

test('an entry tag of a rewritten body is confirmed by the one that the parent knows', async () => {
  await using here = await world();
  await expire(here, { ...stored, etag: '"ours"', 'meridian-source-etag': '"theirs"' });
  here.parent = () => answerOf(null, { etag: '"theirs"' }, 304);
  expect((await here.get()).outcome).toBe('revalidated');
  expect(here.asked[1]?.ask.stored).toMatchObject({ etag: '"ours"', sourceEtag: '"theirs"' });
});

test('a new response replaces the old one', async () => {
  await using here = await world();
  await expire(here);
  here.parent = () => answerOf('new', stored);
  await (await here.get()).text();
  await here.quiet();
  expect(await (await here.get()).text()).toBe('new');
  expect(here.cache.stats.memory.entries).toBe(1);
});

test('a confirmation that was overtaken by a new response does not bring the old one back', async () => {
  await using here = await world();
  await expire(here);
  here.parent = null;
  await here.nextAsk();
  const waiting = here.get();
  const slow = await here.nextAsk();
  const reloading = here.get({ headers: { 'cache-control': 'no-cache' } });
  (await here.nextAsk()).answer('new', stored);
  await (await reloading).text();
  await here.quiet();
  slow.confirm();
  expect(await (await waiting).text()).toBe('body');
  expect(await (await here.get()).text()).toBe('new');
});

test('a slow response that was overtaken by a newer one does not replace it', async () => {
  await using here = await world();
  const first = here.get();
  const slow = (await here.nextAsk()).stream(stored);
  const reading = (await first).text();
  await slow.push('old');
  const reloading = here.get({ headers: { 'cache-control': 'no-cache' } });
  (await here.nextAsk()).answer('new', stored);
  await (await reloading).text();
  await here.quiet();
  await slow.end();
  expect(await reading).toBe('old');
  expect(await (await here.get()).text()).toBe('new');
});
