import { expect, test } from 'bun:test';
import { MeridianError } from '../errors.ts';
import { answerOf, failureOf, maxAge, type Reply } from './answers.contract.ts';
import { type Wanted, type World, world } from './world.contract.ts';

function crowd(here: World, size: number, wanted: Wanted = {}): Promise<Reply>[] {
  return Array.from({ length: size }, () => here.get(wanted));
}

async function texts(replies: readonly Promise<Reply>[]): Promise<string[]> {
  return Promise.all(replies.map(async (reply) => (await reply).text()));
}

const unreachable = () => new MeridianError('upstream-unreachable', 'connection refused');

test('a failed request hands over to one who waits', async () => {
  await using here = await world();
  const replies = crowd(here, 100);
  const first = failureOf(replies[0] as Promise<Reply>);
  (await here.nextAsk()).fail(unreachable());
  const second = await here.nextAsk();
  await here.quiet();
  expect(here.asked).toHaveLength(2);
  expect((await first).code).toBe('upstream-unreachable');
  second.answer('hello', maxAge(60));
  expect(new Set(await texts(replies.slice(1)))).toEqual(new Set(['hello']));
  expect(here.asked).toHaveLength(2);
});

test('after two failures all who wait fail', async () => {
  await using here = await world();
  const replies = crowd(here, 100).map((reply) =>
    reply.then(
      ({ status }) => status,
      ({ code }) => code,
    ),
  );
  (await here.nextAsk()).fail(unreachable());
  (await here.nextAsk()).answer('broken', {}, 500);
  // The second one has an answer to pass on, if only a 500; the others learn what it stands for.
  const others = Array(98).fill('upstream-invalid');
  expect(await Promise.all(replies)).toEqual(['upstream-unreachable', 500, ...others]);
  expect(here.asked).toHaveLength(2);
});

test('after two failures all who wait are served stale, where they may be', async () => {
  await using here = await world();
  here.parent = () => answerOf('old', { 'cache-control': 'max-age=60, stale-if-error=60' });
  await (await here.get()).text();
  await here.quiet();
  here.clock.advance(60_000);
  here.parent = null;
  await here.nextAsk();
  const replies = crowd(here, 100);
  (await here.nextAsk()).fail(unreachable());
  (await here.nextAsk()).fail(unreachable());
  expect(new Set(await texts(replies))).toEqual(new Set(['old']));
  expect(here.asked).toHaveLength(3);
});

test('a body that fails before those who wait have seen any of it counts as a failure', async () => {
  await using here = await world();
  const replies = crowd(here, 50);
  const outcomes = replies.map(async (reply) => (await reply).text().catch(() => 'cut off'));
  (await here.nextAsk()).answer('short', { ...maxAge(60), 'content-length': '10' });
  await here.quiet();
  expect(here.asked.length).toBeLessThanOrEqual(2);
  for (const asked of here.asked) asked.answer('whole', maxAge(60));
  expect(new Set([...(await Promise.allSettled(outcomes))].map(({ status }) => status))).toContain(
    'fulfilled',
  );
  expect(here.asked.length).toBeLessThanOrEqual(2);
});

test('a body that dies before a byte of it could be sent hands over to one who waits', async () => {
  await using here = await world();
  const first = here.get();
  const stalled = (await here.nextAsk()).stream(maxAge(60));
  const cut = failureOf((await first).text());
  await stalled.push('held back');
  const late = crowd(here, 50);
  await here.quiet();
  expect(here.asked).toHaveLength(1);
  await stalled.fail(new MeridianError('upstream-timeout', 'nothing came for a while'));
  await cut;
  const second = await here.nextAsk();
  await here.quiet();
  expect(here.asked).toHaveLength(2);
  second.answer('whole', maxAge(60));
  expect(new Set(await texts(late))).toEqual(new Set(['whole']));
  expect(here.asked).toHaveLength(2);
});

test('when the second body dies as well, all who wait fail', async () => {
  await using here = await world();
  const replies = crowd(here, 20);
  const codes = replies.slice(2).map((reply) => failureOf(reply));
  for (const leader of replies.slice(0, 2)) {
    const asked = await here.nextAsk();
    const stalled = asked.stream(maxAge(60));
    const cut = failureOf((await leader).text());
    await stalled.fail(new MeridianError('upstream-timeout', 'nothing came for a while'));
    await cut;
  }
  for (const { code } of await Promise.all(codes)) expect(code).toBe('upstream-timeout');
  expect(here.asked).toHaveLength(2);
});

test('nobody waits for a body that stalls longer than the lock allows', async () => {
  await using here = await world({ lockMs: 1000 });
  const first = here.get();
  const stalled = (await here.nextAsk()).stream(maxAge(60));
  const early = texts([first]);
  await stalled.push('late ');
  const waiting = crowd(here, 10);
  await here.quiet();
  here.clock.advance(1000);
  await here.quiet();
  expect(here.asked).toHaveLength(11);
  for (const asked of here.asked.slice(1)) asked.answer('own', maxAge(60));
  expect(new Set(await texts(waiting))).toEqual(new Set(['own']));
  await stalled.push('but whole');
  await stalled.end();
  expect(await early).toEqual(['late but whole']);
});

test('bytes that were wrong are not asked for again by those who wait', async () => {
  await using here = await world();
  const replies = crowd(here, 20);
  const codes = replies.slice(1).map((reply) => failureOf(reply));
  const wrong = (await here.nextAsk()).stream(maxAge(60));
  const cut = failureOf((await (replies[0] as Promise<Reply>)).text());
  await wrong.push('wrong');
  await wrong.fail(new MeridianError('digest-mismatch', 'other bytes'));
  await cut;
  for (const { code } of await Promise.all(codes)) expect(code).toBe('digest-mismatch');
  expect(here.asked).toHaveLength(1);
});

test('nobody waits longer for another request than the lock allows', async () => {
  await using here = await world({ lockMs: 1000 });
  const leader = here.get();
  const waiting = crowd(here, 10);
  const first = await here.nextAsk();
  await here.quiet();
  expect(here.asked).toHaveLength(1);
  here.clock.advance(1000);
  await here.quiet();
  expect(here.asked).toHaveLength(11);
  for (const asked of here.asked.slice(1)) asked.answer('own', maxAge(60));
  expect(new Set(await texts(waiting))).toEqual(new Set(['own']));
  first.answer('late', maxAge(60));
  expect(await texts([leader])).toEqual(['late']);
});

test('when many ask for themselves, one copy is stored', async () => {
  await using here = await world({ lockMs: 1000 });
  const replies = crowd(here, 11);
  await here.nextAsk();
  await here.quiet();
  here.clock.advance(1000);
  await here.quiet();
  const bodies = here.asked.map((asked) => asked.stream(maxAge(60)));
  const reading = texts(replies);
  await here.quiet();
  expect(here.cache.stats.fills).toBe(1);
  for (const body of bodies) await body.push('hello');
  for (const body of bodies) await body.end();
  expect(new Set(await reading)).toEqual(new Set(['hello']));
});

test('beyond the limit of fills a miss is refused, and hits go on', async () => {
  await using here = await world({ maxFills: 2 });
  here.parent = () => answerOf('stored', maxAge(60));
  await (await here.get({ key: 'web /stored' })).text();
  await here.quiet();
  here.parent = null;
  const under = [here.get({ key: 'web /a' }), here.get({ key: 'web /b', method: 'HEAD' })];
  await here.quiet();
  const refused = await failureOf(here.get({ key: 'web /c' }));
  expect([refused.code, refused.retryAfterS]).toEqual(['overloaded', 1]);
  expect((await here.get({ key: 'web /stored' })).outcome).toBe('hit');
  for (const asked of here.asked) asked.answer('hello', maxAge(60));
  await texts(under);
  here.parent = () => answerOf('now', maxAge(60));
  expect(await (await here.get({ key: 'web /c' })).text()).toBe('now');
});
