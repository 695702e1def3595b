/**
 * What makes a shield a shield: two PoPs ask it, and the origin hears of each thing once. It keeps what is purged when it
 * changes for longer than they do, vouches for it, and gives them what is stale rather than let them wait.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { controlClient } from '../../src/control/client.ts';
import { readNodeFile } from '../../src/control/node-file.ts';
import { web } from '../../src/index.ts';
import {
  eventually,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

const pops = ['lhr', 'ams'] as const;
let upstream: Upstream;
let network: TestNetwork;
let edition = 1;
/** What the upstream holds its answers back for. */
let held: Promise<void> = Promise.resolve();

beforeAll(async () => {
  upstream = await startUpstream(async ({ path }) => {
    await held;
    if (path.startsWith('/missing')) return { status: 404, body: 'there is nothing here' };
    const fields: Record<string, string> = { etag: `"${path} ${edition}"` };
    if (path.startsWith('/brief')) fields['cache-control'] = 'max-age=1';
    if (path.startsWith('/stale')) fields['cache-control'] = 'max-age=1, stale-while-revalidate=60';
    if (path.startsWith('/soft')) fields['cache-control'] = 'stale-while-revalidate=60';
    return { headers: fields, body: `${path}, edition ${edition}` };
  });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      lhr: { role: 'pop', parents: ['shield', 'origin'] },
      ams: { role: 'pop', parents: ['shield', 'origin'] },
    },
    routes: [
      web({
        ...{ name: 'pages', upstream: upstream.url },
        freshness: { freshS: 1, shieldS: '10m' },
        negative: { freshS: 60 },
      }),
    ],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

beforeEach(() => {
  edition = 1;
  upstream.forget();
});

async function get(pop: string, path: string) {
  const response = await fetch(network.url(pop) + path);
  const text = await response.text();
  const age = Number(response.headers.get('age') ?? 0);
  return { status: response.status, text, age, how: response.headers.get('cache-status') ?? '' };
}

function fromBoth(path: string) {
  return Promise.all(pops.map((pop) => get(pop, path)));
}

test('a crowd at both PoPs costs the origin one request', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  held = promise;
  const crowd = network.during(() =>
    Promise.all(Array.from({ length: 200 }, (_, nth) => get(pops[nth % 2] ?? 'lhr', '/crowd'))),
  );
  await Bun.sleep(500);
  resolve();
  const seen = await crowd;
  for (const { text } of seen.result) expect(text).toBe('/crowd, edition 1');
  expect(seen.asked('shield').length).toBeLessThanOrEqual(2);
  expect(seen.asked('origin')).toHaveLength(1);
  expect(upstream.count('/crowd')).toBe(1);
});

test('what the route lets a shield keep is confirmed there, and never gets younger', async () => {
  await fromBoth('/kept');
  await Bun.sleep(1200);
  const again = await fromBoth('/kept');
  for (const { text, age, how } of again) {
    expect(text).toBe('/kept, edition 1');
    expect(age).toBeGreaterThanOrEqual(1);
    expect(how).toMatch(/^shield;hit;.*fwd=stale;fwd-status=304/);
  }
  // Older than the time of a PoP, and used there for that time all the same.
  const soon = await get('lhr', '/kept');
  expect(soon.how).toMatch(/^lhr;hit/);
  expect(upstream.count('/kept')).toBe(1);
});

test('what a shield keeps for longer is gone everywhere with a purge', async () => {
  await fromBoth('/purged');
  edition = 2;
  await purge('/purged', false);
  for (const { text } of await fromBoth('/purged')) expect(text).toBe('/purged, edition 2');
});

test('what is stale by a purge is not vouched for, neither by a shield nor by an origin', async () => {
  await get('lhr', '/soft');
  edition = 2;
  await purge('/soft', true);
  await get('ams', '/soft');
  await eventually('the new edition', async () => (await get('ams', '/soft')).text.endsWith('2'), {
    withinMs: 3000,
  });
  await eventually('the new edition', async () => (await get('lhr', '/soft')).text.endsWith('2'), {
    withinMs: 3000,
  });
});

async function purge(path: string, soft: boolean): Promise<void> {
  const file = await readNodeFile(join(network.dir, 'data', 'lhr'));
  const control = controlClient(file?.control ?? '', network.secret, systemClock);
  await control.purge({ targets: [{ by: 'key', key: `pages ${path}` }], soft, waitMs: 5000 });
}

test('what a response says itself is the last word, at a shield too', async () => {
  await get('lhr', '/brief');
  edition = 2;
  await Bun.sleep(1200);
  expect((await get('lhr', '/brief')).text).toBe('/brief, edition 2');
});

test('a PoP that has nothing is given what is stale, while one request asks for more', async () => {
  await get('lhr', '/stale');
  edition = 2;
  await Bun.sleep(1200);
  const { promise, resolve } = Promise.withResolvers<void>();
  held = promise;
  const { text, how } = await get('ams', '/stale');
  expect(text).toBe('/stale, edition 1');
  expect(how).toMatch(/shield;hit;.*stale-while-revalidate/);
  resolve();
  for (let attempt = 0; attempt < 50 && (await get('ams', '/stale')).text.endsWith('1'); attempt++) {
    await Bun.sleep(50);
  }
  expect((await get('ams', '/stale')).text).toBe('/stale, edition 2');
});

test('that there is nothing is asked once for both PoPs', async () => {
  for (const { status } of [...(await fromBoth('/missing')), ...(await fromBoth('/missing'))]) {
    expect(status).toBe(404);
  }
  expect(upstream.count('/missing')).toBe(1);
});
