/**
 * Real packages, installed by the real pip through PoP, shield and origin: cold, warm, and with the upstream switched off. They come from the folders of
 * wheels that this machine's pip is set to (`extra-index-url` with `file:`), served over HTTP as any web server would.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pypi } from '../../src/index.ts';
import { freePort, startNetwork, type TestNetwork, tally, temporary, within } from '../support/index.ts';
import { folderIndex, pipInstalls } from '../support/python-client.ts';

const index = await folderIndex(['flask', 'requests', 'werkzeug', 'urllib3', 'certifi']);
const folder = temporary('pypi-real');
/** A pure one, and one with compiled code. */
const wanted = ['flask', 'requests'];
const needed = [
  'werkzeug',
  'jinja2',
  'markupsafe',
  'click',
  'idna',
  'urllib3',
  'certifi',
  'charset_normalizer',
];
const freshS = 1;

let network: TestNetwork;
let port = 0;
let server: Bun.Server<undefined> | null = null;
const asked: string[] = [];

function upstreamOn(): void {
  server = Bun.serve({
    ...{ port, hostname: '127.0.0.1' },
    async fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      const path = join(index.path, decodeURIComponent(pathname));
      const file = Bun.file(pathname.endsWith('/') ? join(path, 'index.html') : path);
      return (await file.exists()) ? new Response(file) : new Response('not found', { status: 404 });
    },
  });
}

if (index.problem !== null) console.warn(`skipped, for want of real wheels: ${index.problem}`);

describe.skipIf(index.problem !== null)('real packages', () => {
  beforeAll(async () => {
    port = await freePort();
    upstreamOn();
    network = await startNetwork({
      nodes: {
        origin: { role: 'origin' },
        shield: { role: 'shield', parents: ['origin'] },
        near: { role: 'pop', parents: ['shield'] },
        far: { role: 'pop', parents: ['shield'] },
      },
      routes: [
        pypi({
          match: { path: '/pypi' },
          upstreams: [{ url: `http://127.0.0.1:${port}/simple` }],
          metadata: { freshS, staleWhileRevalidateS: 0, staleIfErrorS: '1d' },
        }),
      ],
    });
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    await server?.stop(true);
    folder[Symbol.dispose]();
  }, 30_000);

  async function installed(pop: string): Promise<void> {
    const home = join(folder.path, pop);
    const from = `${network.url(pop)}/pypi/simple/`;
    const target = await pipInstalls({ index: from, home, wanted, withDependencies: true });
    const missing = [...wanted, ...needed].filter((name) => !existsSync(join(target, name)));
    expect(missing).toEqual([]);
  }

  const wheels = () => asked.filter((path) => path.endsWith('.whl'));
  const isStale = () => within(10_000, 'indexes to become stale', Bun.sleep(freshS * 1000 + 100));

  test('cold: each wheel comes from the upstream once', async () => {
    const seen = await network.during(() => installed('near'));
    expect(wheels().length).toBeGreaterThan(8);
    expect(new Set(wheels()).size).toBe(wheels().length);
    expect(Object.keys(tally(seen.asked('near'), 'status'))).toEqual(['200']);
  }, 60_000);

  test('warm, and at another PoP: no wheel from beyond the shield', async () => {
    await isStale();
    asked.length = 0;
    const seen = await network.during(() => Promise.all([installed('near'), installed('far')]));
    expect(wheels()).toEqual([]);
    expect(seen.asked('origin').filter(({ kind }) => kind === 'file')).toEqual([]);
  }, 60_000);

  test('with the upstream switched off: from what is stored', async () => {
    await isStale();
    await server?.stop(true);
    await installed('near').finally(upstreamOn);
  }, 60_000);
});
