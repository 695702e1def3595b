import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';
import type { CacheKey } from '../resource.ts';
import { answerOf, maxAge, noise } from './answers.contract.ts';
import { type World, world } from './world.contract.ts';

const rule = { 'no-vary-search': 'params=("utm")' };
const key = (query: string) => `web /page${query}`;

/** Has a response stored under this address. */
async function store(
  here: World,
  query: string,
  fields: Record<string, string> = rule,
  body: string | Uint8Array = query,
) {
  here.parent = () => answerOf(body, { ...maxAge(60), ...fields });
  const reply = await here.get({ key: key(query) });
  await reply.bytes();
  await eventually('the fill', () => here.cache.stats.fills === 0, { everyMs: 1 });
  return reply.outcome;
}

test('what differs only in what does not count is a hit', async () => {
  await using here = await world();
  await store(here, '?id=1&utm=a');
  const reply = await here.get({ key: key('?utm=b&id=1') });
  expect([reply.outcome, await reply.text()]).toEqual(['hit', '?id=1&utm=a']);
  expect((await here.get({ key: key('?id=1') })).outcome).toBe('hit');
  expect(here.asked).toHaveLength(1);
});

test('on disk as well', async () => {
  await using here = await world({ disk: true });
  await store(here, '?id=1&utm=a', rule, noise(200_000));
  const reply = await here.get({ key: key('?id=1&utm=b') });
  expect([reply.outcome, (await reply.bytes()).length]).toEqual(['hit-disk', 200_000]);
});

test('what differs in anything that counts is not', async () => {
  await using here = await world();
  await store(here, '?id=1&utm=a');
  expect(await store(here, '?id=2&utm=a')).toBe('miss');
  expect(await store(here, '')).toBe('miss');
});

test('an entry without the field is for its own address only, whatever another one says', async () => {
  await using here = await world();
  await store(here, '?id=1&utm=a');
  await store(here, '?id=1&utm=a', {});
  here.cache.drop(key('?id=1&utm=a') as CacheKey);
  await store(here, '?id=1&utm=a', {});
  expect(await store(here, '?id=1&utm=b', {})).toBe('miss');
});

test('what is stale is not used for another address', async () => {
  await using here = await world();
  await store(here, '?utm=a');
  here.clock.advance(60_000);
  expect(await store(here, '?utm=b')).toBe('miss');
});

test('a request for something newer is asked for itself', async () => {
  await using here = await world();
  await store(here, '?utm=a');
  here.parent = () => answerOf('new', { ...maxAge(60), ...rule });
  const reply = await here.get({ key: key('?utm=b'), headers: { 'cache-control': 'no-cache' } });
  expect(await reply.text()).toBe('new');
});

test('what is dropped under one address is dropped for those that mean the same', async () => {
  await using here = await world();
  await store(here, '?utm=a');
  here.cache.drop(key('?utm=b') as CacheKey);
  expect(await store(here, '?utm=c')).toBe('miss');
});

test('after a restart, a rule is known again as soon as an entry that bears it is back', async () => {
  using folder = temporary('equivalents');
  const clock = virtualClock();
  {
    await using here = await world({ disk: true, folder, clock });
    await store(here, '?id=1&utm=a', rule, noise(200_000));
  }
  await using here = await world({ disk: true, folder, clock });
  expect((await here.get({ key: key('?id=1&utm=a') })).outcome).toBe('hit-disk');
  expect((await here.get({ key: key('?id=1&utm=b') })).outcome).toBe('hit-disk');
});

test('also when it was brought back because it was hot', async () => {
  using folder = temporary('equivalents');
  const clock = virtualClock();
  {
    await using here = await world({ disk: true, folder, clock });
    await store(here, '?id=1&utm=a');
  }
  await using here = await world({ disk: true, folder, clock });
  const isWarm = () => {
    clock.advance(10);
    return here.cache.stats.memory.entries === 1;
  };
  await eventually('the entry in memory', isWarm, { everyMs: 1 });
  await here.quiet();
  expect((await here.get({ key: key('?id=1&utm=b') })).outcome).toBe('hit');
});
