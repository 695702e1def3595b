/**
 * Routes that are `offline`: their upstreams are asked nothing, by any tier and for whatever reason. What is cached is served however old it
 * is, also beyond what the config allows when an upstream fails; what is not is answered with an error at once.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { npm, oci, web } from '../../src/index.ts';
import { random } from '../support/image.ts';
import {
  eventually,
  type Registry,
  runMeridian,
  type Sketch,
  startNetwork,
  startRegistry,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { type OciRegistry, startOciRegistry } from '../support/oci-registry.ts';

let packages: Registry;
let images: OciRegistry;
let pages: Upstream;
let network: TestNetwork;
/** Nothing is used stale for longer than this, but for the reason that nobody is asked. */
const metadata = { freshS: '1s', staleWhileRevalidateS: 0, staleIfErrorS: 0 } as const;

beforeAll(async () => {
  packages = await startRegistry();
  packages.publish('kept', '1.0.0');
  packages.publish('other', '1.0.0');
  images = await startOciRegistry();
  images.image('team/app', 'v1', [random(2000)]);
  images.image('team/other', 'v1', [random(2000)]);
  pages = await startUpstream(({ path }) => ({
    headers: { 'cache-control': path === '/strict' ? 'max-age=1, must-revalidate' : 'max-age=1' },
    body: `page ${path}`,
  }));
  network = await startNetwork(sketch(false));
}, 60_000);

afterAll(async () => {
  await network?.stop();
  for (const each of [packages, images, pages]) await each?.off();
}, 30_000);

function sketch(offline: boolean): Sketch {
  return {
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      npm({ match: { path: '/npm' }, upstreams: [{ url: packages.url }], metadata, offline }),
      oci({ sources: [{ name: 'images.example', url: images.url }], metadata, offline }),
      web({ match: { path: '/web' }, upstream: pages.url, offline }),
    ],
  };
}

const reload = () => runMeridian(['reload', '--config', network.configFile], { cwd: network.dir });
const get = (path: string) => fetch(network.url('pop') + path);
const askedOfUpstreams = () => [packages, images, pages].map((upstream) => upstream.requests().length);
const kept = [
  '/npm/kept',
  '/npm/kept/-/kept-1.0.0.tgz',
  '/v2/images.example/team/app/manifests/v1',
  '/web/a',
];
const notKept = [
  '/npm/other',
  '/npm/other/-/other-1.0.0.tgz',
  '/v2/images.example/team/other/manifests/v1',
  '/web/b',
];

test('what is cached is served, what is not is an error at once, and no upstream hears of either', async () => {
  const bodies = await Promise.all(kept.map(async (path) => (await get(path)).text()));
  expect((await get('/web/strict')).status).toBe(200);
  network.rewrite(sketch(true));
  expect(await reload()).toMatchObject({ code: 0 });
  const before = askedOfUpstreams();

  for (const [at, path] of kept.entries()) {
    const answer = await eventually(`an answer of ${path} that says why it is so old`, async () => {
      const reply = await get(path);
      const text = await reply.text();
      const isTold = reply.headers.get('cache-status')?.includes('upstream-offline') === true;
      return (isTold || path.endsWith('.tgz')) && { status: reply.status, text };
    });
    expect(answer).toEqual({ status: 200, text: bodies[at]! });
  }
  for (const path of notKept) {
    const answer = await get(path);
    expect([path, answer.status]).toEqual([path, 504]);
    expect(answer.headers.get('cache-status')).toContain('detail=upstream-offline');
    expect(await answer.text()).toContain('offline: true');
  }
  // What says so itself is never used stale (RFC 9111 §5.2.2.2).
  await eventually('a refusal', async () => (await get('/web/strict')).status === 504);
  expect(askedOfUpstreams()).toEqual(before);

  network.rewrite(sketch(false));
  expect(await reload()).toMatchObject({ code: 0 });
  await eventually('all of it', async () => {
    const answers = await Promise.all(notKept.map(get));
    return answers.every(({ status }) => status === 200);
  });
}, 90_000);

test('`meridian check` says which routes are', async () => {
  network.rewrite(sketch(true));
  const { stdout } = await runMeridian(['check', '--config', network.configFile], { cwd: network.dir });
  expect(stdout).toContain(`none is asked (offline): ${pages.url}`);
});
