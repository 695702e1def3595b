/**
 * A shield comes back with nothing in it, under load that all of it would go through: the origin is not asked for everything
 * at once. With another shield as its sibling, it is hardly asked for anything.
 */
import { expect, test } from 'bun:test';
import { peer, web } from '../../src/index.ts';
import { eventually, noise, startNetwork, startUpstream, type TestNetwork } from '../support/index.ts';
import { putLoadOn } from './load.ts';

const keys = 400;
const returnS = 4;
const slotMs = 500;

test('without siblings, what the origin is asked is spread over the time of the return', async () => {
  const { total, slots, failures } = await lostAndBack([]);
  console.log(`without siblings: ${JSON.stringify({ total, slots })}`);
  expect(failures).toEqual([]);
  // All keys have moved, a few of them in each slot: evenly, it would be an eighth.
  expect(total).toBeGreaterThan(keys * 0.8);
  expect(Math.max(...slots)).toBeLessThan(total * 0.35);
}, 60_000);

test('with a sibling, the shield has its part from there', async () => {
  const { total, misses, failures } = await lostAndBack([peer('second', { forS: '1m' })]);
  console.log(`with a sibling: ${JSON.stringify({ total, misses })}`);
  expect(failures).toEqual([]);
  expect(misses).toBeGreaterThan(keys * 0.8);
  expect(total).toBeLessThan(keys * 0.1);
}, 60_000);

/** What the origin is asked while the first shield comes back, in all and for each half second. */
async function lostAndBack(siblings: readonly ReturnType<typeof peer>[]) {
  await using upstream = await startUpstream(({ path }) => ({
    headers: { 'cache-control': 'public, max-age=600' },
    body: noise(path, 2000),
  }));
  const inMemory = { disk: false } as const;
  await using network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      first: { role: 'shield', parents: [...siblings, 'origin'], ...inMemory },
      second: { role: 'shield', parents: ['origin'], ...inMemory },
      // It has room for a few of them: nearly every request goes on to a shield.
      pop: {
        ...{ role: 'pop', parents: ['first', 'second'], memory: { bytes: '64 KiB' } },
        ...{ failover: { returnS, hedgePercent: 0 }, ...inMemory },
      },
    },
    routes: [web({ upstream: upstream.url })],
  });
  const urlOf = (nth: number) => `${network.url('pop')}/page/${nth % keys}`;
  const load = putLoadOn(urlOf, (url) => noise(new URL(url).pathname, 2000), 6);
  const rounds = async (count: number) => {
    const until = load.answered() + count * keys;
    await eventually(`${count} rounds`, () => load.answered() >= until, { withinMs: 30_000 });
  };
  await rounds(2);
  await network.node('first').kill9();
  await eventually('the first shield to be passed over', async () => (await stateIn(network)) === 'down');
  await rounds(2);

  const seen = await network.during(async () => {
    await network.node('first').restart();
    await eventually('the first shield to be well', async () => (await stateIn(network)) === 'well', {
      withinMs: 20_000,
    });
    await rounds(1);
  });
  const { failures } = await load.stop();
  const times = seen.asked('origin').map(({ time }) => Date.parse(time));
  const startMs = Math.min(...times);
  const slots: number[] = [];
  for (const time of times) {
    const slot = Math.floor((time - startMs) / slotMs);
    slots[slot] = (slots[slot] ?? 0) + 1;
  }
  const misses = seen.asked('first').filter(({ outcome }) => outcome === 'miss').length;
  return { total: times.length, slots: Array.from(slots, (count) => count ?? 0), misses, failures };
}

async function stateIn(network: TestNetwork): Promise<string | undefined> {
  const { parents } = await network.node('pop').status();
  return parents.find(({ name }) => name === 'first')?.state;
}
