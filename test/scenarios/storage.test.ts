/** The commands about what an origin keeps, against a running network. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { storageOverview } from '../../src/access/api/storage-message.ts';
import { npm } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { runMeridian, startNetwork, type TestNetwork } from '../support/index.ts';
import { pack } from '../support/package.ts';

let network: TestNetwork;

const store = { quotaBytes: '1 GiB', minFreeBytes: '1 MiB' } as const;
const quota = { scopeBytes: '10 MiB' } as const;

beforeAll(async () => {
  network = await startNetwork({
    nodes: { origin: { role: 'origin', store }, pop: { role: 'pop', parents: ['origin'] } },
    routes: [npm({ upstreams: [], hosted: { scopes: ['@acme'], access: 'public', quota } })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
}, 30_000);

async function meridian(...words: string[]) {
  const ran = await runMeridian([...words, '--config', network.configFile], { cwd: network.dir });
  return { code: ran.code, out: ran.stdout.trim(), said: ran.stderr };
}

test('tarballs are taken in, served, written to a folder, and found there again', async () => {
  const folder = join(network.dir, 'tarballs');
  mkdirSync(folder);
  writeFileSync(join(folder, 'ui.tgz'), pack({ name: '@acme/ui', version: '1.0.0' }));
  const url = `${network.url('pop')}/@acme%2fui`;
  expect((await fetch(url)).status).toBe(404);
  const dry = await meridian('import', 'tarballs', folder, '--dry-run');
  expect([dry.code, dry.out]).toEqual([0, expect.stringContaining('added 1')]);
  expect((await fetch(url)).status).toBe(404);

  const { code, out } = await meridian('import', 'tarballs', folder);
  expect([code, out]).toEqual([0, expect.stringContaining('added 1')]);
  // The PoP had "not found" in its cache.
  expect((await fetch(url)).status).toBe(200);
  const tarball = await (await fetch(`${network.url('pop')}/@acme/ui/-/ui-1.0.0.tgz`)).bytes();
  expect(createHash('sha1').update(tarball).digest('hex')).toBe(
    createHash('sha1')
      .update(pack({ name: '@acme/ui', version: '1.0.0' }))
      .digest('hex'),
  );

  const written = join(network.dir, 'written');
  expect((await meridian('export', written)).out).toContain('written 1');
  expect((await meridian('import', 'verdaccio', written)).out).toContain('there 1');
});

test('what is broken is named, and the command says that not all is well', async () => {
  const folder = join(network.dir, 'broken');
  mkdirSync(folder);
  writeFileSync(join(folder, 'broken.tgz'), 'no tarball');
  const { code, out, said } = await meridian('import', 'tarballs', folder);
  expect([code, out]).toEqual([1, 'refused 1']);
  expect(said).toContain('broken.tgz: The tarball is not valid gzip.');
  const missing = await meridian('import', 'verdaccio', join(network.dir, 'nowhere'));
  expect([missing.code, missing.said]).toEqual([1, expect.stringContaining('ENOENT')]);
});

test('unreferenced blobs are counted, and what is young stays', async () => {
  const { code, out } = await meridian('gc', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ state: 'done', counts: { blobs: 1, kept: 1, deleted: 0 } });
  expect((await meridian('gc', '--dry-run')).out).toContain('blobs 1');
});

test('storage says what there is, for people and programs, and counts anew', async () => {
  const { code, out } = await meridian('storage');
  expect(code).toBe(0);
  expect(out).toMatch(/^route +kept +scope +packages +versions +bytes +quota +used$/m);
  expect(out).toMatch(/^npm +hosted +@acme +1 +1 +\d+ B +10 MiB +0%$/m);
  expect(out).toMatch(/blobs: 1 \(\d+ B\), 0 unreferenced \(0 B\), 0 condemned, as of /);
  expect(out).toMatch(/disk: .* free at .*blobs, 1 MiB stay free/);

  const overview = storageOverview.parse(JSON.parse((await meridian('storage', '--json')).out));
  const [hosted, mirrored] = overview.routes;
  expect(hosted).toMatchObject({ route: 'npm', kept: 'hosted', packages: 1, versions: 1 });
  expect(hosted?.bounds).toEqual({ scopeBytes: 10 * 2 ** 20 });
  expect(mirrored).toMatchObject({ kept: 'mirrored', packages: 0, bytes: 0 });
  expect(overview.store).toMatchObject({ versions: 1, quotaBytes: 2 ** 30, bytes: hosted?.bytes });
  expect(overview.collection).toMatchObject({ deleted: 0 });
  expect(overview.cache?.unused).toEqual({ entries: 0, bytes: 0 });

  const packages = (await meridian('storage', '--packages')).out;
  expect(packages).toMatch(/^npm +hosted +@acme\/ui +1 +\d+ B$/m);
  const again = await meridian('storage', '--recount');
  expect([again.code, again.out]).toEqual([0, expect.stringContaining('packages 1, corrected 0')]);
});

test('storage is for those who administer the network', async () => {
  const url = `${network.url('pop')}/.meridian/v1/storage`;
  expect((await fetch(url)).status).toBe(401);
  const origin = network.node('origin');
  const reader = { actions: ['read', 'publish'], routes: ['*'], subjects: ['*'] } as const;
  const { token: some } = await tokenFor(origin, 'bob', [reader]);
  expect((await fetch(url, { headers: bearer(some) })).status).toBe(403);
  const all = { actions: ['admin'], routes: ['*'], subjects: ['*'] } as const;
  const { token } = await tokenFor(origin, 'ada', [all]);
  const answer = await fetch(url, { headers: bearer(token) });
  expect(storageOverview.parse(await answer.json()).routes[0]).toMatchObject({ packages: 1 });
  const described = await (await fetch(`${network.url('pop')}/.meridian/v1/openapi.json`)).text();
  expect(described).toContain('/storage/packages');
});

test('all of it is in the audit log', async () => {
  const lines = (await meridian('audit', '--json')).out.split('\n').map((line) => JSON.parse(line));
  const acts = lines.filter(({ what }) => what.startsWith('storage.'));
  expect(acts.map(({ what, by }) => `${by} ${what}`)).toEqual(
    expect.arrayContaining([
      'operator storage.import',
      'operator storage.export',
      'operator storage.collect',
    ]),
  );
});

test('nobody does it from elsewhere', async () => {
  const response = await fetch(`${network.url('pop')}/.meridian/v1/work`, {
    method: 'POST',
    body: JSON.stringify({ do: 'export', folder: '/tmp/stolen' }),
  });
  expect(response.status).toBe(403);
});
