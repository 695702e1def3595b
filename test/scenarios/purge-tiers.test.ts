/**
 * A purge reaches the tiers of a network in any order, and each at its own time: what a node keeps afterwards is never older
 * than the purges that it knows of, whatever its parents know.
 */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { web } from '../../src/index.ts';
import { type CutBus, hub } from '../support/bus.ts';
import { eventually, startUpstream, type Upstream } from '../support/index.ts';
import { type InsideNetwork, startInside } from '../support/inside.ts';

const tiers = ['origin', 'shield', 'pop'] as const;
const key = 'pages /page';

let pages: Upstream;
let network: InsideNetwork;
let buses: Map<string, CutBus>;
let edition = 1;

beforeEach(async () => {
  edition = 1;
  pages = await startUpstream(() => ({
    headers: { 'cache-control': 'max-age=3600', etag: `"${edition}"`, 'cache-tag': 'model:bert:v1' },
    body: `edition ${edition}`,
  }));
  buses = new Map();
  const shared = hub();
  network = await startInside(
    {
      nodes: {
        origin: { role: 'origin' },
        shield: { role: 'shield', parents: ['origin'], disk: false },
        pop: { role: 'pop', parents: ['shield'] },
      },
      routes: [web({ name: 'pages', upstream: pages.url })],
      purge: { trustS: 1 },
    },
    {
      bus(name) {
        const bus = shared.join(name);
        buses.set(name, bus);
        return bus;
      },
    },
  );
}, 20_000);

afterEach(async () => {
  await network?.[Symbol.asyncDispose]();
  await pages?.off();
}, 20_000);

async function get(path = '/page') {
  const answer = await fetch(network.url('pop') + path);
  return { status: answer.status, text: await answer.text(), how: answer.headers.get('cache-status') ?? '' };
}

async function purge(at: string, soft = false): Promise<void> {
  const done = await network.node(at).purge({ targets: [{ by: 'key', key }], soft });
  if ('reasons' in done) throw new Error(done.reasons.join('; '));
}

async function follows(name: string, sequence: number): Promise<void> {
  await eventually(`${name} to hear of it`, () => {
    const { position } = network.node(name).status().purging;
    return position !== null && position.sequence >= sequence;
  });
}

for (const deaf of [['shield'], ['origin'], ['origin', 'shield']]) {
  test(`a PoP that fills itself again before ${deaf.join(' and ')} hear of a purge gets nothing old`, async () => {
    expect((await get()).text).toBe('edition 1');
    for (const name of deaf) buses.get(name)?.cut(true);
    edition++;
    await purge('pop');
    await follows('pop', 1);
    const first = await get();
    expect(first.text).toBe('edition 2');
    for (const name of deaf) buses.get(name)?.heal();
    for (const name of deaf) await follows(name, 1);
    expect((await get()).text).toBe('edition 2');
  });
}

test('a parent that hears of it within a moment is waited for, and asks upstream once', async () => {
  await get();
  buses.get('shield')?.cut(true);
  edition++;
  await purge('pop');
  await follows('pop', 1);
  pages.forget();
  const answer = get();
  await Bun.sleep(20);
  buses.get('shield')?.heal();
  const { text, how } = await answer;
  expect(text).toBe('edition 2');
  expect(how).toContain('shield;fwd=uri-miss');
  expect(pages.count()).toBe(1);
});

test('a shield that has not heard of it asks on with what the PoP knows, and the origin need not ask upstream again', async () => {
  await get();
  buses.get('shield')?.cut(true);
  await purge('pop', true);
  for (const name of ['pop', 'origin']) await follows(name, 1);
  edition++;
  pages.forget();
  expect((await get()).text).toBe('edition 2');
  expect(pages.count()).toBe(1);
  // By now the origin has it, and confirms it to the next one that knows of the purge.
  await network.node('pop').purge({ targets: [{ by: 'key', key }], soft: false, here: true });
  const again = await get();
  expect(again.text).toBe('edition 2');
  expect(pages.count()).toBe(1);
});

test('where what is older than a purge is all that there is, that is an error and not an answer', async () => {
  await get();
  buses.get('shield')?.cut(true);
  await purge('pop');
  await follows('pop', 1);
  await pages.off();
  expect((await get()).status).toBeGreaterThanOrEqual(500);
});

test('who is cut off serves nothing unconfirmed after a while, and what it has when the parent fails', async () => {
  await get();
  for (const name of tiers) buses.get(name)?.cut();
  await eventually('every node to suspect what it keeps', () =>
    tiers.every((name) => network.node(name).status().purging.state === 'suspect'),
  );
  edition++;
  expect((await get()).text).toBe('edition 2');
  await eventually('it to be suspect again', async () => !(await get()).how.includes('pop;hit'));
  await network.stop('shield');
  await eventually('it to be suspect once more', async () => {
    const { text, how } = await get();
    expect(text).toBe('edition 2');
    return how.includes('detail=stale-if-error:upstream-unreachable:suspect');
  });
}, 20_000);

test('a purge by a pattern of tags reaches every tier', async () => {
  await get();
  edition++;
  const done = await network.node('origin').purge({
    targets: [{ by: 'tag-glob', glob: 'model:bert:*' }],
    soft: false,
    waitMs: 5_000,
  });
  expect(done).toMatchObject({ applied: { all: true, gone: [] } });
  if (!('applied' in done)) throw new Error('nobody was waited for');
  expect(Object.keys(done.applied?.nodes ?? {}).toSorted()).toEqual([...tiers].toSorted());
  expect((await get()).text).toBe('edition 2');
});

test('a purge that a stopped node has missed is carried out before it serves again', async () => {
  await get();
  await network.stop('pop');
  edition++;
  await purge('origin');
  await network.start('pop');
  expect((await get()).text).toBe('edition 2');
}, 20_000);

test('without the bus, a purge is refused and says what that means', async () => {
  buses.get('origin')?.cut();
  const refused = await network.node('origin').purge({ targets: [{ by: 'all' }], soft: false });
  expect(refused).toMatchObject({ because: 'bus', reasons: [expect.stringContaining('purge again')] });
});
