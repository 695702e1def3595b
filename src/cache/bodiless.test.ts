import { expect, test } from 'bun:test';
import { answerOf, maxAge } from './answers.contract.ts';
import { type World, world } from './world.contract.ts';

const etag = '"1"';
const head = { method: 'HEAD' } as const;

/** Something stored that has been stale for a while. */
async function expired(here: World, fields: Record<string, string> = {}): Promise<void> {
  here.parent = () => answerOf('body', { ...maxAge(60), 'x-kept': 'a', 'x-changed': 'a', ...fields });
  await (await here.get()).text();
  await here.quiet();
  here.clock.advance(100_000);
}

test('a HEAD is answered from what a GET has stored', async () => {
  await using here = await world();
  here.parent = () => answerOf('body', maxAge(60));
  await (await here.get()).text();
  await here.quiet();
  expect((await here.get(head)).outcome).toBe('hit');
  expect(here.asked).toHaveLength(1);
});

test('HEADs at the same time are one question', async () => {
  await using here = await world();
  const replies = [here.get(head), here.get(head), here.get(head)];
  (await here.nextAsk()).answer('', { ...maxAge(60), 'x-a': '1' });
  for (const reply of await Promise.all(replies))
    expect([reply.status, reply.field('x-a')]).toEqual([200, '1']);
  expect(here.asked).toHaveLength(1);
});

test('HEADs whose answer is not for all each get their own', async () => {
  await using here = await world();
  const replies = [here.get(head), here.get(head)];
  (await here.nextAsk()).answer('', { 'cache-control': 'private' });
  (await here.nextAsk()).answer('', { 'cache-control': 'private' });
  await Promise.all(replies);
});

test('a HEAD waits for a GET of the same', async () => {
  await using here = await world();
  const whole = here.get();
  const asked = await here.nextAsk();
  const only = here.get(head);
  asked.answer('body', { ...maxAge(60), 'x-a': '2' });
  expect((await only).field('x-a')).toBe('2');
  expect(await (await whole).text()).toBe('body');
  expect(here.asked).toHaveLength(1);
});

test('a GET does not wait for a HEAD', async () => {
  await using here = await world();
  const only = here.get(head);
  const first = await here.nextAsk();
  const whole = here.get();
  (await here.nextAsk()).answer('body', maxAge(60));
  expect(await (await whole).text()).toBe('body');
  first.answer('', maxAge(60));
  expect((await only).status).toBe(200);
});

test('the answer to a HEAD brings what is stored up to date, when it is about the same', async () => {
  for (const same of [
    { etag },
    { 'content-length': '4' },
    { 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' },
  ]) {
    await using here = await world();
    await expired(here, same);
    here.parent = () => answerOf(null, { ...same, ...maxAge(60), 'x-changed': 'b' });
    const reply = await here.get(head);
    expect([reply.outcome, reply.field('x-kept'), reply.field('x-changed')]).toEqual([
      'revalidated',
      'a',
      'b',
    ]);
    const again = await here.get();
    expect([again.outcome, await again.text(), again.field('x-changed')]).toEqual(['hit', 'body', 'b']);
  }
});

test('the answer to a HEAD has what is stored forgotten, when it is about something else', async () => {
  for (const other of [{ etag: '"2"' }, { 'content-length': '5' }, { 'last-modified': 'now' }]) {
    await using here = await world();
    await expired(here, { etag });
    here.parent = () => answerOf(null, { ...other, ...maxAge(60) });
    expect((await here.get(head)).outcome).toBe('expired');
    expect(here.cache.stats.memory.entries).toBe(0);
  }
});

test('so it does when there is nothing any more', async () => {
  await using here = await world();
  await expired(here, { etag });
  here.parent = () => answerOf(null, {}, 410);
  expect((await here.get(head)).status).toBe(410);
  expect(here.cache.stats.memory.entries).toBe(0);
});

test('one that tells nothing leaves what is stored as it is', async () => {
  await using here = await world();
  await expired(here, { etag });
  here.parent = () => answerOf(null, maxAge(60));
  await here.get(head);
  expect(here.cache.stats.memory.entries).toBe(1);
  here.parent = () => answerOf(null, { etag }, 304);
  expect((await here.get()).outcome).toBe('revalidated');
});
