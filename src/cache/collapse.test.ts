import { expect, test } from 'bun:test';
import { eventually } from '../../test/support/wait.ts';
import { MeridianError } from '../errors.ts';
import { answerOf, failureOf, maxAge, type Reply } from './answers.contract.ts';
import { type Wanted, type World, world } from './world.contract.ts';

function crowd(here: World, size: number, wanted: Wanted = {}): Promise<Reply>[] {
  return Array.from({ length: size }, () => here.get(wanted));
}

async function texts(replies: readonly Promise<Reply>[]): Promise<string[]> {
  return Promise.all(replies.map(async (reply) => (await reply).text()));
}

for (const disk of [false, true]) {
  test(`a thousand requests at once are one for the parent (${disk ? 'with' : 'without'} a disk)`, async () => {
    await using here = await world({ disk });
    const replies = crowd(here, 1000);
    const body = 'x'.repeat(50_000);
    (await here.nextAsk()).answer(body, maxAge(60));
    for (const text of await texts(replies)) expect(text).toBe(body);
    expect(here.asked).toHaveLength(1);
    const served = await Promise.all(replies);
    expect(served.filter((reply) => reply.collapsed)).toHaveLength(999);
    expect(new Set(served.map((reply) => reply.outcome))).toEqual(new Set(['miss']));
  });
}

test('a thousand requests are one for the parent also when the first client leaves at once', async () => {
  await using here = await world();
  const client = new AbortController();
  const first = here.get({ signal: client.signal });
  const others = crowd(here, 999);
  client.abort();
  const asked = await here.nextAsk();
  expect(asked.ask.signal.aborted).toBe(false);
  const pieces = asked.stream(maxAge(60));
  await pieces.push('hello ');
  const rest = texts(others);
  await failureOf((await first).text());
  await pieces.push('world');
  await pieces.end();
  expect(new Set(await rest)).toEqual(new Set(['hello world']));
  expect(here.asked).toHaveLength(1);
});

test('whoever comes while the body arrives gets all of it', async () => {
  await using here = await world();
  const first = here.get();
  const pieces = (await here.nextAsk()).stream(maxAge(60));
  const early = texts([first]);
  await pieces.push('one ');
  await pieces.push('two ');
  const late = texts(crowd(here, 10));
  await pieces.push('three');
  await pieces.end();
  expect(new Set([...(await early), ...(await late)])).toEqual(new Set(['one two three']));
  expect(here.asked).toHaveLength(1);
});

test('variants collapse each for itself', async () => {
  await using here = await world();
  const fields = { ...maxAge(60), vary: 'accept-language' };
  here.parent = async ({ exchange }) => {
    await Bun.sleep(1);
    return answerOf(`in ${exchange.headers.get('accept-language')}`, fields);
  };
  const languages = ['de', 'fr', 'en'];
  const replies = languages.flatMap((language) =>
    crowd(here, 100, { headers: { 'accept-language': language } }),
  );
  const expected = languages.flatMap((language) => Array(100).fill(`in ${language}`));
  expect(await texts(replies)).toEqual(expected);
  expect(here.asked).toHaveLength(3);
});

test('whoever comes once Vary is known finds the fill of the variant that made it known', async () => {
  await using here = await world();
  const german = { headers: { 'accept-language': 'de' } };
  const first = here.get(german);
  const pieces = (await here.nextAsk()).stream({ ...maxAge(60), vary: 'accept-language' });
  await first;
  const second = texts([here.get(german)]);
  const other = here.get({ headers: { 'accept-language': 'fr' } });
  (await here.nextAsk()).answer('salut', { ...maxAge(60), vary: 'accept-language' });
  expect(await (await other).text()).toBe('salut');
  await pieces.push('hallo');
  await pieces.end();
  expect(await second).toEqual(['hallo']);
  expect(here.asked).toHaveLength(2);
});

test('an answer for one only releases all who wait, at once and in parallel, and is remembered', async () => {
  await using here = await world();
  const replies = crowd(here, 100);
  (await here.nextAsk()).answer('for one', { 'cache-control': 'private' });
  await here.quiet();
  expect(here.asked).toHaveLength(100);
  for (const asked of here.asked) asked.answer('for one', { 'cache-control': 'private' });
  await texts(replies);

  const later = crowd(here, 10);
  await here.quiet();
  expect(here.asked).toHaveLength(110);
  for (const asked of here.asked) asked.answer('for all', maxAge(60));
  await texts(later);
});

for (const [what, end] of [
  [
    'an answer for one only',
    (here: World) => here.asked[0]?.answer('for one', { 'cache-control': 'private' }),
  ],
  ['an answer that took too long', (here: World) => here.clock.advance(10_000)],
] as const) {
  test.each([
    { where: 'in memory', body: 'stored' },
    { where: 'on disk alone', body: 'stored'.padEnd(100_000) },
  ])(`whoever waited in vain for ${what} takes what has been stored $where meanwhile`, async ({ body }) => {
    await using here = await world({ disk: true });
    const replies = crowd(here, 10);
    await here.nextAsk();
    const reload = here.get({ headers: { 'cache-control': 'no-cache' } });
    (await here.nextAsk()).answer(body, maxAge(60));
    expect(await texts([reload])).toEqual([body]);
    await eventually('it to be stored', () => here.cache.stats.fills === 1);
    end(here);
    expect(await texts(replies.slice(1))).toEqual(Array(9).fill(body));
    expect(here.asked).toHaveLength(2);
    here.asked[0]?.answer('for one', { 'cache-control': 'private' });
    expect(await texts(replies.slice(0, 1))).toEqual(['for one']);
  });
}

test('whoever waited for an answer that another one overtakes gets that other one', async () => {
  await using here = await world();
  const early = crowd(here, 10);
  const overtaken = await here.nextAsk();
  // It may be about what is on its way: who comes from now on asks anew.
  here.cache.purge({ selector: { by: 'tag', tag: 'any' }, soft: false }, true);
  const late = here.get();
  const pieces = (await here.nextAsk()).stream(maxAge(60));
  await late;
  overtaken.answer('old', maxAge(60));
  await here.quiet();
  expect(here.asked).toHaveLength(2);
  const read = texts([late, ...early.slice(1)]);
  await pieces.push('new');
  await pieces.end();
  expect(new Set(await read)).toEqual(new Set(['new']));
  expect(await texts(early.slice(0, 1))).toEqual(['old']);
});

test('a fill for one that outlives its note keeps nobody from collapsing anew', async () => {
  await using here = await world();
  const fields = { 'cache-control': 'no-cache', etag: '"1"' };
  const first = here.get();
  const slow = (await here.nextAsk()).stream(fields);
  const early = texts([first]);
  await slow.push('slow ');
  here.clock.advance(60_000);
  const replies = crowd(here, 10);
  (await here.nextAsk()).answer('for all', maxAge(60));
  expect(new Set(await texts(replies))).toEqual(new Set(['for all']));
  expect(here.asked).toHaveLength(2);
  await slow.push('one');
  await slow.end();
  expect(await early).toEqual(['slow one']);
});

test('answers that turn out to be for all are collapsed again', async () => {
  await using here = await world();
  here.parent = () => answerOf('for one', { 'cache-control': 'private' });
  await (await here.get()).text();
  here.parent = () => answerOf('for all', maxAge(1));
  await (await here.get()).text();
  await here.quiet();
  here.clock.advance(1000);
  here.parent = null;
  const replies = crowd(here, 10);
  await here.quiet();
  expect(here.asked).toHaveLength(3);
  for (const asked of here.asked) asked.answer('for all', maxAge(60));
  await texts(replies);
});

test('requests with credentials do not make those without wait, or go alone', async () => {
  await using here = await world();
  const personal = here.get({ headers: { authorization: 'Bearer a' } });
  const publicly = crowd(here, 10);
  await here.quiet();
  expect(here.asked).toHaveLength(2);
  here.asked[0]?.answer('for a', { 'cache-control': 'private' });
  expect(await texts([personal])).toEqual(['for a']);
  here.asked[1]?.answer('for all', maxAge(60));
  expect(new Set(await texts(publicly))).toEqual(new Set(['for all']));
  expect(here.asked).toHaveLength(2);
});

test('what is on its way for everybody serves requests with credentials as well', async () => {
  await using here = await world();
  const publicly = here.get();
  const pieces = (await here.nextAsk()).stream(maxAge(60));
  const first = texts([publicly]);
  await here.quiet();
  const personal = texts([here.get({ headers: { authorization: 'Bearer a' } })]);
  await pieces.push('for all');
  await pieces.end();
  expect(await personal).toEqual(['for all']);
  await first;
  expect(here.asked).toHaveLength(1);
});

test('a response that must be confirmed before each use is not shared, and stored once', async () => {
  await using here = await world();
  const fields = { 'cache-control': 'no-cache', etag: '"1"' };
  const replies = crowd(here, 10);
  (await here.nextAsk()).answer('hello', fields);
  await here.quiet();
  expect(here.asked).toHaveLength(10);
  for (const asked of here.asked) asked.answer('hello', fields);
  await texts(replies);
  await here.quiet();
  expect(here.cache.stats.memory.entries).toBe(1);
});

test('a response that its parent served stale is shared, or a failing origin would be asked by everybody', async () => {
  await using here = await world();
  const replies = crowd(here, 100);
  (await here.nextAsk()).answer('stale', { 'cache-control': 'max-age=60, stale-if-error=600', age: '100' });
  expect(new Set(await texts(replies))).toEqual(new Set(['stale']));
  expect(here.asked).toHaveLength(1);
});

test('revalidations collapse', async () => {
  await using here = await world();
  here.parent = () => answerOf('hello', { ...maxAge(60), etag: '"1"' });
  await (await here.get()).text();
  await here.quiet();
  here.clock.advance(60_000);
  here.parent = null;
  await here.nextAsk();
  const replies = crowd(here, 100);
  (await here.nextAsk()).confirm();
  expect(new Set(await texts(replies))).toEqual(new Set(['hello']));
  expect(here.asked).toHaveLength(2);
});

test('who wants a confirmed answer does not wait for one that may come from a store', async () => {
  await using here = await world();
  const ordinary = here.get();
  await here.nextAsk();
  const reloads = crowd(here, 10, { headers: { 'cache-control': 'no-cache' } });
  const second = await here.nextAsk();
  expect(second.ask.reload).toBe(true);
  expect(here.asked).toHaveLength(2);
  second.answer('confirmed', maxAge(60));
  here.asked[0]?.answer('from a store', maxAge(60));
  expect(new Set(await texts(reloads))).toEqual(new Set(['confirmed']));
  await texts([ordinary]);
});

test('who wants a confirmed answer does not get one that came before', async () => {
  await using here = await world();
  const reload = { headers: { 'cache-control': 'no-cache' } };
  const first = here.get(reload);
  const pieces = (await here.nextAsk()).stream(maxAge(60));
  const early = texts([first]);
  await here.quiet();
  const second = here.get(reload);
  (await here.nextAsk()).answer('new', maxAge(60));
  expect(await texts([second])).toEqual(['new']);
  await pieces.push('old');
  await pieces.end();
  expect(await early).toEqual(['old']);
  expect(await texts([here.get()])).toEqual(['new']);
});

test('what is being confirmed for somebody is waited for by whoever would take less, and the other way round not', async () => {
  await using here = await world();
  const reload = here.get({ headers: { 'cache-control': 'no-cache' } });
  const first = await here.nextAsk();
  const ordinary = crowd(here, 10);
  await here.quiet();
  expect(here.asked).toHaveLength(1);
  first.answer('confirmed', maxAge(60));
  expect(new Set(await texts([reload, ...ordinary]))).toEqual(new Set(['confirmed']));
});

test('who has waited in vain waits for what is being confirmed meanwhile', async () => {
  await using here = await world();
  const ordinary = crowd(here, 10);
  const failing = await here.nextAsk();
  const reload = here.get({ headers: { 'cache-control': 'no-cache' } });
  const confirming = await here.nextAsk();
  failing.fail(new MeridianError('upstream-unreachable', 'down'));
  const [led] = await Promise.allSettled(ordinary.slice(0, 1));
  expect(led?.status).toBe('rejected');
  await here.quiet();
  confirming.answer('confirmed', maxAge(60));
  expect(new Set(await texts([reload, ...ordinary.slice(1)]))).toEqual(new Set(['confirmed']));
  expect(here.asked).toHaveLength(2);
});

test.each(['no-cache', 'no-cache, no-store', 'no-store'])(
  'of what never changes, who says %p waits with all others, and it is kept',
  async (said) => {
    await using here = await world();
    const forGood = { 'cache-control': 'max-age=60, immutable' };
    const ordinary = crowd(here, 10, { neverChanges: true });
    const asked = await here.nextAsk();
    const insisting = crowd(here, 10, { neverChanges: true, headers: { 'cache-control': said } });
    await here.quiet();
    asked.answer('for good', forGood);
    expect(new Set(await texts([...ordinary, ...insisting]))).toEqual(new Set(['for good']));
    await here.quiet();
    const again = await here.get({ neverChanges: true, headers: { 'cache-control': said } });
    expect([await again.text(), again.outcome]).toEqual(['for good', 'hit']);
    expect(here.asked).toHaveLength(1);
  },
);
