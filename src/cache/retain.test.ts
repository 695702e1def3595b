import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { type Temporary, temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';
import type { CacheKey } from '../resource.ts';
import { answerOf, maxAge } from './answers.contract.ts';
import type { UsePlace } from './disk/statements.ts';
import { ranged, slice, sliced } from './slices/upstream.contract.ts';
import { type World, type WorldOptions, world } from './world.contract.ts';

const hour = 3600_000;
const day = 24 * hour;
const clock = virtualClock();
/** Nothing comes from memory. */
const diskAlone: WorldOptions = { disk: true, clock, memoryBytes: 1, memoryObjectBytes: 1 };
const kept = (days: number, ...routes: readonly string[]) => ({
  keepUnusedMs: new Map(routes.map((route) => [route, days * day])),
});

async function store(here: World, ...keys: readonly string[]): Promise<void> {
  const before = here.cache.stats.disk?.entries ?? 0;
  here.parent = () => answerOf('a body', maxAge(1_000 * 86_400));
  for (const key of keys) await (await here.get({ key })).bytes();
  await eventually('the disk', () => here.cache.stats.disk?.entries === before + keys.length, { everyMs: 1 });
}

const outcomeOf = async (here: World, key: string) => {
  const reply = await here.get({ key });
  await reply.bytes();
  return reply.outcome;
};

/** Days go by, with all that happens in them. */
function pass(days: number): void {
  for (let hours = 0; hours < days * 24; hours++) clock.advance(hour);
}

const entriesOf = (here: World) => here.cache.stats.disk?.entries;

test('what nobody has asked for in its time goes from disk, on the routes that say so, and is counted', async () => {
  await using here = await world({ ...diskAlone, ...kept(10, 'npm') });
  await store(here, 'npm /asked', 'npm /forgotten', 'web /forgotten');
  pass(8);
  expect(await outcomeOf(here, 'npm /asked')).toBe('hit-disk');
  pass(1.5);
  expect(entriesOf(here)).toBe(3);
  pass(2);
  expect(entriesOf(here)).toBe(2);
  expect(here.cache.stats.disk?.unused).toMatchObject({ entries: 1 });
  expect(here.cache.stats.disk?.unused.bytes).toBeGreaterThan(0);
  expect(await outcomeOf(here, 'npm /forgotten')).not.toBe('hit-disk');
  expect(await outcomeOf(here, 'npm /asked')).toBe('hit-disk');
  expect(await outcomeOf(here, 'web /forgotten')).toBe('hit-disk');
});

test('what is asked for every day stays, though it is noted no more than once a day', async () => {
  await using here = await world({ ...diskAlone, ...kept(2, 'npm') });
  await store(here, 'npm /daily');
  for (let days = 0; days < 12; days++) {
    pass(1);
    expect(await outcomeOf(here, 'npm /daily')).toBe('hit-disk');
  }
  pass(4);
  expect(entriesOf(here)).toBe(0);
});

test('what memory answers counts as asked for', async () => {
  await using here = await world({ disk: true, clock, ...kept(5, 'npm') });
  await store(here, 'npm /hot', 'npm /cold');
  for (let days = 0; days < 10; days++) {
    pass(1);
    const { served, outcome } = await here.get({ key: 'npm /hot' });
    if (served.source.from !== 'memory') throw new Error(outcome);
    // As a hit does when it is sent, which these tests do not do.
    served.source.resident.prepared = {
      second: Math.floor(clock.now() / 1000),
      ...{ headers: new Headers(), timing: '', hits: 0 },
    };
  }
  expect(entriesOf(here)).toBe(1);
  pass(8);
  expect(entriesOf(here)).toBe(0);
});

test('a large object that is read in parts stays, its slices and what holds them together', async () => {
  const { given: here, upstream } = await sliced({ disk: true, clock, ...kept(5, 'web') });
  await using _ = here;
  upstream.fields = { 'cache-control': `max-age=${1_000 * 86_400}` };
  const read = async () => (await here.get(ranged(`0-${2 * slice - 1}`))).range(0, 2 * slice - 1);
  await read();
  await eventually('the disk', () => entriesOf(here) === 3, { everyMs: 1 });
  for (let days = 0; days < 12; days++) {
    pass(1);
    await read();
  }
  expect([entriesOf(here), upstream.ranges.length]).toEqual([3, 2]);
  pass(8);
  expect(entriesOf(here)).toBe(0);
});

test('its time begins when it is switched on, and goes on over a restart', async () => {
  using folder: Temporary = temporary('retain');
  {
    await using here = await world({ ...diskAlone, folder });
    await store(here, 'npm /old');
    pass(100);
  }
  {
    await using here = await world({ ...diskAlone, folder, ...kept(10, 'npm') });
    pass(6);
    expect(entriesOf(here)).toBe(1);
  }
  await using here = await world({ ...diskAlone, folder, ...kept(10, 'npm') });
  pass(4);
  expect(entriesOf(here)).toBe(1);
  pass(2);
  expect(entriesOf(here)).toBe(0);
});

test('what nobody has come for after it was fetched ahead has its time, too, and no longer', async () => {
  await using here = await world({ ...diskAlone, ...kept(10, 'npm') });
  await store(here, 'npm /a', 'npm /b');
  here.cache.unwanted(['npm /a' as CacheKey]);
  pass(5);
  expect(entriesOf(here)).toBe(2);
  pass(7);
  expect(entriesOf(here)).toBe(0);
});

test('a change of the config holds from then on', async () => {
  await using here = await world({ ...diskAlone, ...kept(10, 'npm') });
  await store(here, 'npm /a', 'web /a');
  pass(5);
  const tuning = { lockMs: 10_000, maxFills: 10, finishBytes: 1000, finishRequests: 3 };
  here.cache.tune({ ...tuning, ...kept(2, 'web') });
  pass(2.5);
  expect(entriesOf(here)).toBe(2);
  pass(10);
  expect(await outcomeOf(here, 'npm /a')).toBe('hit-disk');
  expect(entriesOf(here)).toBe(1);
});

test('many go in small steps, each a place in the order of their last use', async () => {
  await using here = await world({ ...diskAlone, ...kept(1, 'npm') });
  await store(here, ...Array.from({ length: 100 }, (_, nth) => `npm /${nth}`), 'web /other');
  pass(2);
  clock.advance(1_000);
  const left: (number | undefined)[] = [];
  for (let from: UsePlace | null = { used: -1, id: 0 }; from !== null; ) {
    from = here.disk?.dropUnused(from)?.next ?? null;
    left.push(entriesOf(here));
  }
  expect(left).toEqual([69, 37, 5, 1]);
});
