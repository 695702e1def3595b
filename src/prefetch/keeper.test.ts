import { expect, test } from 'bun:test';
import { hub } from '../../test/support/bus.ts';
import { virtualClock } from '../../test/support/clock.ts';
import { turns } from '../cache/answers.contract.ts';
import type { PrefetchItem } from '../foresight.ts';
import { isMeant } from '../messages/prefetch.ts';
import { type KeeperLimits, openKeeper, type Shelf } from './keeper.ts';
import { openLists } from './lists.ts';
import { hearProgress } from './progress.ts';

const item = (target: string, bytes = 10, etag: string | null = null): PrefetchItem => ({
  target,
  bytes,
  etag,
});
const to = ['pop'];

function world() {
  const clock = virtualClock();
  const network = hub(clock.now);
  const bus = network.join('origin');
  const lists = openLists(bus, clock);
  const progress = hearProgress(bus);
  const here = new Map<string, string | null>();
  const state = {
    fetched: [] as string[],
    warned: [] as string[],
    isBroken: false,
    failing: new Set<string>(),
    atOnce: 0,
    mostAtOnce: 0,
    hold: null as Promise<void> | null,
  };

  function join(limits: KeeperLimits = { atOnce: 4 }, roomBytes = 1_000, owns = (_: string) => true) {
    const shelf: Shelf = {
      look({ item: { target, etag } }) {
        if (state.isBroken) throw new Error('the index cannot be read');
        if (!owns(target)) return 'elsewhere';
        return here.has(target) && (etag === null || here.get(target) === etag) ? 'here' : 'missing';
      },
      async fetch({ item: { target, etag } }) {
        state.fetched.push(target);
        state.mostAtOnce = Math.max(state.mostAtOnce, ++state.atOnce);
        await (state.hold ?? turns());
        state.atOnce--;
        if (state.failing.has(target)) throw new Error('the parent answers 502');
        here.set(target, etag);
      },
      room: { bytes: roomBytes, objectBytes: 500 },
    };
    const self = { node: 'pop', worker: 'pop' };
    const isFor = (names: readonly string[]) => isMeant(names, 'pop');
    const warn = (message: string) => state.warned.push(message);
    return openKeeper({ bus: network.join('pop'), clock, self, isFor, shelf, limits: () => limits, warn });
  }

  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      for (let at = 0; at < 3; at++) await turns();
      clock.advance(Math.min(50, left));
    }
    for (let at = 0; at < 3; at++) await turns();
  }
  const tell = (name: string, items: readonly PrefetchItem[], whom = to) =>
    lists.of('oci').tell(name, { group: 'acme/app', to: whom, items, error: null });
  return { clock, network, lists, progress, here, state, join, pass, tell };
}

test('what a node is told to have, it fetches, and says that it has it', async () => {
  const { join, tell, pass, state, progress, clock } = world();
  join();
  const atMs = clock.now();
  await tell('v1', [item('/a'), item('/b')]);
  await pass(2_000);
  expect(state.fetched.toSorted()).toEqual(['/a', '/b']);
  expect(progress.all.get('pop')?.groups).toEqual([
    {
      ...{ route: 'oci', group: 'acme/app', atMs, wanted: 2, present: 2, wantedBytes: 20 },
      ...{ missingBytes: 0, beyondBytes: 0, error: null },
    },
  ]);
});

test('a node that was away catches up, and one that is not meant does nothing', async () => {
  const { join, tell, pass, state } = world();
  await tell('v1', [item('/a')]);
  await tell('v2', [item('/b')], ['other-*']);
  join();
  await pass(500);
  expect(state.fetched).toEqual(['/a']);
});

test('what another process keeps is left to it', async () => {
  const { join, tell, pass, state, progress } = world();
  join({ atOnce: 4 }, 1_000, (target) => target === '/mine');
  await tell('v1', [item('/mine'), item('/yours')]);
  await pass(2_000);
  expect(state.fetched).toEqual(['/mine']);
  expect(progress.all.get('pop')?.groups[0]?.wanted).toBe(1);
});

test('a look that fails is written down, and made again a minute later', async () => {
  const { join, tell, pass, state } = world();
  state.isBroken = true;
  join();
  await tell('v1', [item('/a')]);
  await pass(1_000);
  expect(state.warned).toHaveLength(1);
  state.isBroken = false;
  await pass(61_000);
  expect([state.fetched, state.warned.length]).toEqual([['/a'], 1]);
});

test('no more is fetched at once than may be', async () => {
  const { join, tell, pass, state } = world();
  join({ atOnce: 2 });
  await tell(
    'v1',
    ['/a', '/b', '/c', '/d', '/e'].map((target) => item(target)),
  );
  await pass(500);
  expect([state.fetched.length, state.mostAtOnce]).toEqual([5, 2]);
});

test('no faster than may be, on average', async () => {
  const { join, tell, pass, state } = world();
  join({ atOnce: 4, bytesPerS: 100 });
  await tell(
    'v1',
    ['/a', '/b', '/c'].map((target) => item(target, 100)),
  );
  await pass(500);
  expect(state.fetched).toHaveLength(1);
  await pass(1_000);
  expect(state.fetched).toHaveLength(2);
  await pass(1_000);
  expect(state.fetched).toHaveLength(3);
});

test('never more than there is room for, the newest first, and one that is too long never', async () => {
  const { join, tell, pass, state, clock, progress } = world();
  await tell('old', [item('/old', 400)]);
  clock.advance(1_000);
  await tell('new', [item('/new', 400), item('/huge', 501)]);
  join({ atOnce: 4 }, 500);
  await pass(2_000);
  expect(state.fetched).toEqual(['/new']);
  expect(progress.all.get('pop')?.groups[0]).toMatchObject({
    present: 1,
    missingBytes: 901,
    beyondBytes: 400,
  });
  expect(progress.all.get('pop')?.groups[0]?.error).toContain('objectBytes');
});

test('what fails is tried again, later each time, and told', async () => {
  const { join, tell, pass, state, progress } = world();
  join();
  state.failing.add('/a');
  await tell('v1', [item('/a')]);
  await pass(10_000);
  expect(state.fetched.length).toBeGreaterThanOrEqual(3);
  expect(state.fetched.length).toBeLessThanOrEqual(6);
  expect(progress.all.get('pop')?.groups[0]?.error).toBe('the parent answers 502');
  state.failing.clear();
  await pass(30_000);
  expect(progress.all.get('pop')?.groups[0]).toMatchObject({ present: 1, error: null });
});

test('another version is fetched, and what has gone again is not fetched for ever', async () => {
  const { join, tell, pass, state, here } = world();
  join();
  await tell('v1', [item('/tag', 10, '"1"')]);
  await pass(500);
  await tell('v1', [item('/tag', 10, '"2"')]);
  await pass(500);
  expect(state.fetched).toEqual(['/tag', '/tag']);
  here.clear();
  await pass(5 * 60_000);
  expect(state.fetched).toHaveLength(2);
  await pass(7 * 60_000);
  expect(state.fetched).toHaveLength(3);
});

test('news comes before what is left of the old', async () => {
  const { join, tell, pass, state, lists } = world();
  join({ atOnce: 1 });
  const { promise, resolve } = Promise.withResolvers<void>();
  state.hold = promise;
  await tell('v1', [item('/a'), item('/b')]);
  await pass(500);
  await lists.of('oci').forget('v1');
  await tell('v2', [item('/c')]);
  await pass(100);
  resolve();
  await pass(500);
  expect(state.fetched).toEqual(['/a', '/c']);
});

test('what two groups have in common is fetched once, and each says how far it is', async () => {
  const { join, lists, clock, pass, state, progress } = world();
  join();
  const tell = (group: string, items: readonly PrefetchItem[]) =>
    lists.ordered.tell(`${group}/0`, { route: 'npm', group, to, items, error: null });
  await tell('first', [item('/a'), item('/b')]);
  clock.advance(1_000);
  await tell('second', [item('/b'), item('/c'), item('/b')]);
  await pass(2_000);
  expect(state.fetched.toSorted()).toEqual(['/a', '/b', '/c']);
  const groups = progress.all.get('pop')?.groups ?? [];
  expect(groups.map(({ group, wanted, present }) => [group, wanted, present])).toEqual([
    ['second', 2, 2],
    ['first', 2, 2],
  ]);
});

test('what has expired is wanted no more', async () => {
  const { join, lists, clock, pass, state, progress } = world();
  const untilMs = clock.now() + 5_000;
  const list = { route: 'npm', group: 'order', to, items: [item('/a')], error: null, untilMs };
  await lists.ordered.tell('order/0', list);
  clock.advance(5_000);
  join();
  await pass(2_000);
  expect([state.fetched, progress.all.get('pop')?.groups]).toEqual([[], []]);
});

test('it is said how far it is while more is fetched', async () => {
  const { join, tell, pass, state, progress } = world();
  join({ atOnce: 1, bytesPerS: 100 });
  await tell(
    'v1',
    Array.from({ length: 6 }, (_, nth) => item(`/${nth}`, 100)),
  );
  await pass(3_500);
  expect(state.fetched.length).toBeLessThan(6);
  expect(progress.all.get('pop')?.groups[0]?.present).toBeGreaterThanOrEqual(1);
});

test('lists that somebody has ordered are none of a route’s own', async () => {
  const { lists, tell } = world();
  await tell('v1', [item('/a')]);
  await lists.ordered.tell('id/0', { route: 'oci', group: 'id', to, items: [item('/b')], error: null });
  expect([[...lists.of('oci').told().keys()], [...lists.ordered.told().keys()]]).toEqual([['v1'], ['id/0']]);
  await lists.ordered.forget('id/0');
  expect([lists.of('oci').told().size, lists.ordered.told().size]).toEqual([1, 0]);
});
