/**
 * What an origin finds changed is purged throughout the network, by itself: once, only what has changed, and nothing when
 * nothing has.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { npm, web } from '../../src/index.ts';
import { hub } from '../support/bus.ts';
import { eventually, type Registry, startRegistry, startUpstream, type Upstream } from '../support/index.ts';
import { type InsideNetwork, startInside } from '../support/inside.ts';

let registry: Registry;
let pages: Upstream;
let network: InsideNetwork;
const editions = new Map<string, number>();

beforeAll(async () => {
  registry = await startRegistry();
  registry.publish('left-pad', '1.0.0', { sizeBytes: 1000 });
  registry.publish('right-pad', '1.0.0', { sizeBytes: 1000 });
  pages = await startUpstream(({ path, headers }) => {
    const edition = editions.get(path);
    if (edition === undefined) return { status: 404, body: 'gone' };
    const etag = `"${edition}"`;
    const fields = { 'cache-control': 'max-age=3600', etag };
    if (headers.get('if-none-match') === etag) return { status: 304, headers: fields };
    return { headers: fields, body: `${path} ${edition}` };
  });
  const shared = hub();
  network = await startInside(
    {
      nodes: {
        origin: { role: 'origin' },
        'pop-a': { role: 'pop', parents: ['origin'] },
        'pop-b': { role: 'pop', parents: ['origin'] },
      },
      routes: [
        npm({
          match: { path: '/npm' },
          upstreams: [{ url: registry.url }],
          metadata: { freshS: 3600, staleWhileRevalidateS: 0 },
        }),
        web({ name: 'pages', upstream: pages.url }),
      ],
    },
    { bus: (name) => shared.join(name) },
  );
}, 20_000);

afterAll(async () => {
  await network?.[Symbol.asyncDispose]();
  await registry?.off();
  await pages?.off();
});

beforeEach(() => void editions.set('/a', (editions.get('/a') ?? 0) + 1));

async function get(pop: string, path: string, headers: Record<string, string> = {}): Promise<string> {
  return (await fetch(network.url(pop) + path, { headers })).text();
}

/** A client that insists on an answer from the upstream, which is how the origin comes to look. */
const look = { 'cache-control': 'no-cache' };
const sequence = () => network.node('pop-b').status().purging.position?.sequence ?? 0;

test('a page that one client finds changed is fetched anew for all others, and is not purged again', async () => {
  for (const pop of ['pop-a', 'pop-b']) await get(pop, '/a', look);
  const before = sequence();
  editions.set('/a', 100);
  expect(await get('pop-b', '/a')).not.toBe('/a 100');
  expect(await get('pop-a', '/a', look)).toBe('/a 100');
  await eventually('the other to hear of it', async () => (await get('pop-b', '/a')) === '/a 100');
  for (const pop of ['pop-a', 'pop-b']) expect(await get(pop, '/a')).toBe('/a 100');
  await Bun.sleep(200);
  expect(sequence() - before).toBe(1);
});

test('a page that is gone is gone everywhere', async () => {
  editions.set('/gone', 1);
  for (const pop of ['pop-a', 'pop-b']) await get(pop, '/gone');
  editions.delete('/gone');
  await get('pop-a', '/gone', look);
  await eventually('the other to hear of it', async () => (await get('pop-b', '/gone')) === 'gone');
});

test('a page that has not changed is not purged, however often it is confirmed', async () => {
  await get('pop-a', '/a', look);
  await Bun.sleep(150);
  const before = sequence();
  for (let n = 0; n < 5; n++) await get('pop-a', '/a', look);
  await Bun.sleep(150);
  expect(sequence()).toBe(before);
});

test('a publish brings what is made of the package up to date everywhere, and nothing else', async () => {
  const paths = ['/npm/left-pad', '/npm/left-pad/latest', '/npm/-/package/left-pad/dist-tags'];
  const others = ['/npm/right-pad', '/npm/left-pad/-/left-pad-1.0.0.tgz'];
  for (const path of [...paths, ...others]) await get('pop-b', path);
  registry.publish('left-pad', '2.0.0', { sizeBytes: 1000 });
  for (const path of paths) expect(await get('pop-b', path)).not.toContain('2.0.0');
  const asked = registry.requests().length;
  await get('pop-a', '/npm/left-pad', look);
  for (const path of paths)
    await eventually(`${path} to be up to date`, async () => (await get('pop-b', path)).includes('2.0.0'));
  for (const path of others) await get('pop-b', path);
  const since = registry.requests().slice(asked);
  expect(since.filter(({ path }) => path.includes('right-pad') || path.endsWith('.tgz'))).toEqual([]);
});

test('a moved tag is moved everywhere, and versions that are the same as before are asked for by nobody', async () => {
  for (const version of ['1.0.0', '2.0.0']) registry.publish('up-pad', version);
  registry.tag('up-pad', 'latest', '1.0.0');
  const kept = ['/npm/up-pad/1.0.0', '/npm/up-pad/2.0.0'];
  const moved = ['/npm/up-pad/latest', '/npm/-/package/up-pad/dist-tags', '/npm/up-pad'];
  for (const path of [...kept, ...moved]) await get('pop-b', path);
  registry.tag('up-pad', 'latest', '2.0.0');
  const isMoved = (text: string) => /"latest":"2.0.0"|^.{0,60}"version":"2.0.0"/.test(text);
  for (const path of moved) expect(isMoved(await get('pop-b', path))).toBe(false);
  await get('pop-a', '/npm/up-pad', look);
  for (const path of moved)
    await eventually(`${path} to be up to date`, async () => isMoved(await get('pop-b', path)));
  for (const path of kept) {
    const answer = await fetch(network.url('pop-b') + path);
    expect(answer.headers.get('cache-status')).toStartWith('pop-b;hit');
  }
});
