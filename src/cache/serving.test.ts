import { expect, test } from 'bun:test';
import { answerOf, failureOf, maxAge } from './answers.contract.ts';
import { ageS, remainingS } from './freshness.ts';
import { world } from './world.contract.ts';

test('a miss asks the parent, and the answer serves the next request without', async () => {
  await using here = await world();
  here.parent = () => answerOf('hello', { ...maxAge(60), 'x-made-by': 'parent' });
  const first = await here.get();
  expect(first.outcome).toBe('miss');
  expect(first.served.forwarding).toMatchObject({ status: 200, stored: true });
  expect(await first.text()).toBe('hello');
  await here.quiet();
  const second = await here.get();
  expect(second.outcome).toBe('hit');
  expect(await second.text()).toBe('hello');
  expect(second.field('x-made-by')).toBe('parent');
  expect(here.asked).toHaveLength(1);
});

test('a response is used until its time is over, and not a moment longer', async () => {
  await using here = await world();
  here.parent = () => answerOf('hello', maxAge(60));
  await (await here.get()).text();
  await here.quiet();
  here.clock.advance(59_999);
  expect((await here.get()).outcome).toBe('hit');
  here.clock.advance(1);
  expect((await here.get()).outcome).toBe('expired');
});

test('age counts from where the response was made, through every cache on its way', async () => {
  await using here = await world();
  here.parent = () => {
    here.clock.advance(2000);
    return answerOf('old', { ...maxAge(60), age: '40' });
  };
  const reply = await here.get();
  await reply.text();
  await here.quiet();
  here.clock.advance(3000);
  const { source } = (await here.get()).served;
  if (source.from !== 'memory') throw new Error(`expected memory, got ${source.from}`);
  expect(ageS(source.entry.freshness, here.clock.now())).toBe(45);
  expect(remainingS(source.entry.freshness, here.clock.now())).toBe(15);
});

test('a wall clock that is set back makes nothing younger than it was', async () => {
  await using here = await world();
  here.parent = () => answerOf('old', { ...maxAge(60), age: '50' });
  await (await here.get()).text();
  await here.quiet();
  const { source } = (await here.get()).served;
  if (source.from !== 'memory') throw new Error('expected memory');
  expect(ageS(source.entry.freshness, here.clock.now() - 3_600_000)).toBe(50);
});

test('what says nothing of its freshness is kept for as long as the route says', async () => {
  await using here = await world();
  here.parent = () => answerOf('hello');
  const freshness = { freshS: 30 };
  await (await here.get({ freshness })).text();
  await here.quiet();
  expect((await here.get({ freshness })).outcome).toBe('hit');
  here.clock.advance(30_000);
  expect((await here.get({ freshness })).outcome).toBe('expired');
});

test('a route extends no error: it is kept only when it says so itself', async () => {
  await using here = await world();
  here.parent = () => answerOf('none', {}, 404);
  const freshness = { freshS: 30 };
  expect((await here.get({ freshness })).status).toBe(404);
  expect((await here.get({ freshness })).outcome).toBe('miss');
  here.parent = () => answerOf('none', maxAge(5), 404);
  await (await here.get({ freshness })).text();
  await here.quiet();
  expect((await here.get({ freshness })).outcome).toBe('hit');
});

test('HEAD is answered from store, and goes to the parent without storing anything', async () => {
  await using here = await world();
  here.parent = ({ exchange }) => answerOf(exchange.method === 'HEAD' ? null : 'hello', maxAge(60));
  const cold = await here.get({ method: 'HEAD' });
  expect([cold.outcome, await cold.text()]).toEqual(['miss', '']);
  expect(here.cache.stats.memory.entries).toBe(0);
  await (await here.get()).text();
  await here.quiet();
  expect((await here.get({ method: 'HEAD' })).outcome).toBe('hit');
  expect(here.asked).toHaveLength(2);
});

test('an empty body is a response like any other', async () => {
  await using here = await world();
  here.parent = () => answerOf('', maxAge(60), 204);
  expect(await (await here.get()).text()).toBe('');
  await here.quiet();
  const stored = await here.get();
  expect([stored.outcome, stored.status, await stored.text()]).toEqual(['hit', 204, '']);
});

test('fields of the connection and of one passage are not stored', async () => {
  await using here = await world();
  const passing = { connection: 'x-hop', 'x-hop': '1', age: '3', 'x-request-id': 'a', 'content-length': '5' };
  here.parent = () => answerOf('hello', { ...maxAge(60), ...passing });
  await (await here.get()).text();
  await here.quiet();
  const reply = await here.get();
  for (const name of Object.keys(passing)) expect(reply.field(name)).toBeUndefined();
});

test('a request can ask for something newer than what is stored', async () => {
  await using here = await world();
  here.parent = () => answerOf('hello', maxAge(60));
  await (await here.get()).text();
  await here.quiet();
  here.clock.advance(20_000);
  const outcomes: string[] = [];
  for (const control of [
    'max-age=20',
    'min-fresh=40',
    'max-stale',
    'max-age=19',
    'min-fresh=41',
    'no-cache',
  ]) {
    const reply = await here.get({ headers: { 'cache-control': control } });
    outcomes.push(`${control}: ${reply.outcome}`);
    if (reply.outcome !== 'reload') continue;
    await reply.text();
    await here.quiet();
    here.clock.advance(20_000);
  }
  expect(outcomes).toEqual([
    'max-age=20: hit',
    'min-fresh=40: hit',
    'max-stale: hit',
    'max-age=19: reload',
    'min-fresh=41: reload',
    'no-cache: reload',
  ]);
  expect(here.asked.map(({ ask }) => ask.reload)).toEqual([false, true, true, true]);
  expect((await here.get({ headers: { pragma: 'no-cache' } })).outcome).toBe('reload');
  expect((await here.get({ headers: { pragma: 'no-cache', 'cache-control': 'max-age=90' } })).outcome).toBe(
    'hit',
  );
});

test('a reload that fails is answered with what is stored and fresh', async () => {
  await using here = await world();
  here.parent = () => answerOf('hello', { 'cache-control': 's-maxage=60' });
  await (await here.get()).text();
  await here.quiet();
  here.parent = () => answerOf('', {}, 503);
  const reply = await here.get({ headers: { 'cache-control': 'no-cache' } });
  expect([reply.outcome, await reply.text()]).toEqual(['stale-on-error', 'hello']);
});

test('only-if-cached never asks the parent', async () => {
  await using here = await world();
  const onlyIfCached = { headers: { 'cache-control': 'only-if-cached' } };
  expect((await failureOf(here.get(onlyIfCached))).code).toBe('only-if-cached');
  here.parent = () => answerOf('hello', maxAge(60));
  await (await here.get()).text();
  await here.quiet();
  expect((await here.get(onlyIfCached)).outcome).toBe('hit');
  here.clock.advance(60_000);
  expect((await failureOf(here.get(onlyIfCached))).code).toBe('only-if-cached');
  expect(here.asked).toHaveLength(1);
});

test('a request with no-store is answered by the parent, and changes nothing for others', async () => {
  await using here = await world();
  here.parent = () => answerOf('one', maxAge(60));
  const noStore = { headers: { 'cache-control': 'no-store' } };
  await (await here.get(noStore)).text();
  await here.quiet();
  expect(here.cache.stats.memory.entries).toBe(0);
  await (await here.get()).text();
  await here.quiet();
  here.parent = () => answerOf('two', maxAge(60));
  const fresh = await here.get({ headers: { 'cache-control': 'no-cache, no-store' } });
  expect(await fresh.text()).toBe('two');
  expect(await (await here.get()).text()).toBe('one');
});

test('a parent that ignores the abort of an answer for one client has its body cancelled', async () => {
  await using here = await world();
  const client = new AbortController();
  const asking = here.get({ signal: client.signal });
  const asked = await here.nextAsk();
  client.abort();
  const pieces = asked.stream({ 'cache-control': 'no-store' });
  await asking;
  await here.quiet();
  expect(asked.ask.signal.aborted).toBe(true);
  expect(pieces.cancelled).toBe(true);
});
