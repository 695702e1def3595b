/**
 * What a PoP knows to be purged it does not get from a sibling that has not heard of it, nor from one that cannot know.
 */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { peer, web } from '../../src/index.ts';
import { type CutBus, hub } from '../support/bus.ts';
import { eventually, startUpstream, type Upstream } from '../support/index.ts';
import { type InsideNetwork, startInside } from '../support/inside.ts';

const key = 'pages /page';

let pages: Upstream;
let network: InsideNetwork;
let buses: Map<string, CutBus>;
let edition = 1;

beforeEach(async () => {
  edition = 1;
  pages = await startUpstream(() => ({
    headers: { 'cache-control': 'max-age=3600', etag: `"${edition}"` },
    body: `edition ${edition}`,
  }));
  buses = new Map();
  const shared = hub();
  network = await startInside(
    {
      nodes: {
        origin: { role: 'origin' },
        shield: { role: 'shield', parents: ['origin'] },
        lhr: { role: 'pop', parents: ['shield'] },
        ams: { role: 'pop', parents: [peer('lhr'), 'shield'] },
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

async function get(pop: string) {
  const answer = await fetch(`${network.url(pop)}/page`);
  return { text: await answer.text(), how: answer.headers.get('cache-status') ?? '' };
}

async function purge(at: string): Promise<void> {
  const done = await network.node(at).purge({ targets: [{ by: 'key', key }], soft: false });
  if ('reasons' in done) throw new Error(done.reasons.join('; '));
}

async function follows(name: string, sequence: number): Promise<void> {
  await eventually(`${name} to hear of it`, () => {
    const { position } = network.node(name).status().purging;
    return position !== null && position.sequence >= sequence;
  });
}

test('a sibling that has not heard of a purge hands over nothing of what it has', async () => {
  await get('lhr');
  buses.get('lhr')?.cut(true);
  edition++;
  await purge('ams');
  for (const name of ['ams', 'shield', 'origin']) await follows(name, 1);
  const { text, how } = await get('ams');
  expect(text).toBe('edition 2');
  expect(how).not.toContain('lhr');

  buses.get('lhr')?.heal();
  await follows('lhr', 1);
  expect((await get('lhr')).text).toBe('edition 2');
});

test('what a sibling has got since the purge, it hands over', async () => {
  await get('lhr');
  edition++;
  await purge('ams');
  for (const name of ['lhr', 'ams', 'shield', 'origin']) await follows(name, 1);
  expect((await get('lhr')).text).toBe('edition 2');
  pages.forget();
  const { text, how } = await get('ams');
  expect(text).toBe('edition 2');
  expect(how).toContain('lhr;hit');
  expect(pages.count()).toBe(0);
});

test('a sibling that has been cut off for too long hands over nothing', async () => {
  await get('lhr');
  buses.get('lhr')?.cut();
  await eventually(
    'the sibling to trust nothing',
    () => network.node('lhr').status().purging.state === 'suspect',
  );
  expect((await get('ams')).how).not.toContain('lhr');
});
