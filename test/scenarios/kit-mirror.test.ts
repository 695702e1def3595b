/**
 * What lock files name is mirrored through a route for Python packages; then the upstream is off and every cache is emptied, and pip, a real one, installs it
 * all the same. What is not what the lock file says is named, and not kept. Nothing is asked of anybody where the route is offline.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { storageOverview } from '../../src/access/api/storage-message.ts';
import { fileTree, pypi } from '../../src/index.ts';
import {
  eventually,
  noiseBytes,
  runMeridian,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { available } from '../support/needs.ts';
import { pipInstall, pipInstalls, problemWith } from '../support/python-client.ts';
import { type PythonIndex, startPythonIndex } from '../support/python-index.ts';
import { hexOf, type PythonPackage } from '../support/python-package.ts';
import { workedThrough } from '../support/work.ts';

const tool = noiseBytes(4, 300_000);
let index: PythonIndex;
let tree: Upstream;
let network: TestNetwork;
let app: PythonPackage;
let leaf: PythonPackage;
let tampered: PythonPackage;

const sketch = (offline: boolean) => ({
  nodes: {
    origin: { role: 'origin', store: {} },
    pop: { role: 'pop', parents: ['origin'] },
  } as const,
  routes: [
    pypi({ upstreams: [{ url: `${index.url}/simple` }], mirror: { keepUnusedS: '30d' }, offline }),
    fileTree({
      upstreams: [{ url: tree.url }],
      immutable: ['v*'],
      mirror: { keepUnusedS: '30d' },
      offline,
    }),
  ],
});

beforeAll(async () => {
  index = await startPythonIndex();
  leaf = index.publish({ name: 'leaf', version: '1.0' });
  app = index.publish({ name: 'app', version: '2.0', requires: ['leaf'] });
  tampered = index.publish({ name: 'tampered', version: '1.0' });
  index.publish({ name: 'other', version: '1.0' });
  tree = await startUpstream(({ path }) =>
    path === '/v1/tool.bin' || path === '/latest/tool.bin' ? { body: tool } : { status: 404 },
  );
  network = await startNetwork(sketch(false));
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await Promise.all([index?.off(), tree?.off()]);
}, 30_000);

const meridian = (...words: string[]) =>
  runMeridian([...words, '--config', network.configFile], { cwd: network.dir });

async function mirror(lines: readonly string[]) {
  const file = join(network.dir, 'requirements.txt');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return meridian('mirror', file);
}
const lineOf = ({ name, version, sha256 }: Pick<PythonPackage, 'name' | 'version' | 'sha256'>) =>
  `${name}==${version} --hash=sha256:${sha256}`;

async function forgetCaches(): Promise<void> {
  const purged = await meridian('purge', '--all');
  expect([purged.code, purged.stderr]).toEqual([0, '']);
}

const blobsKept = async () => storageOverview.parse(await network.node('origin').api('GET', '/storage'));
const versionsKept = async () =>
  (await blobsKept()).routes
    .filter(({ kept }) => kept === 'mirrored')
    .map(({ route, versions, bytes }) => ({ route, versions, isEmpty: bytes === 0 }));

test('what has another hash than the lock file says is named, and not kept', async () => {
  const wrong = { ...tampered, sha256: hexOf(Buffer.from('other')) };
  const ran = await mirror([lineOf(wrong)]);
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('tampered@1.0')]);
  expect(await versionsKept()).toContainEqual({ route: 'pypi', versions: 0, isEmpty: expect.any(Boolean) });
});

test('what the upstream sends wrong is named, and not kept, and the rest goes on', async () => {
  index.fault({ as: 'corrupt' }, ({ path }) => path.endsWith(tampered.file));
  const ran = await mirror([lineOf(tampered), lineOf(leaf)]);
  index.fault(null);
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('tampered@1.0')]);
  expect(ran.stdout).toContain('missing 1');
  expect(await versionsKept()).toContainEqual({ route: 'pypi', versions: 1, isEmpty: false });
});

test('an upstream that breaks off, stalls or is away is named for each version, and none is kept', async () => {
  const before = await versionsKept();
  const wanted = ['v1/cut.bin', 'v1/reset.bin'].map((name) => ({
    name,
    version: 'current',
    integrity: null,
  }));
  tree.fault({ as: 'cut', afterBytes: 100 }, () => true);
  const order = { do: 'mirror', route: 'files', protocol: 'files', packages: wanted } as const;
  const cut = await workedThrough(network.node('origin'), {
    ...order,
    packages: [{ name: 'v1/tool.bin', version: 'current', integrity: null }, ...wanted],
  });
  tree.fault({ as: 'reset', afterBytes: 100_000 }, () => true);
  const reset = await workedThrough(network.node('origin'), {
    ...order,
    packages: [{ name: 'latest/tool.bin', version: 'current', integrity: null }],
  });
  tree.fault(null);
  const wrong = await workedThrough(network.node('origin'), {
    ...order,
    packages: [{ name: 'v1/tool.bin', version: 'current', integrity: `sha256:${'0'.repeat(64)}` }],
  });
  expect([wrong.state, wrong.error, wrong.counts.missing]).toEqual(['done', null, 1]);
  expect([cut.state, cut.error, cut.counts.missing]).toEqual(['done', null, 3]);
  expect([reset.state, reset.error, reset.counts.missing]).toEqual(['done', null, 1]);
  expect(cut.notes.join('\n')).toContain('v1/tool.bin');
  expect(await versionsKept()).toEqual(before);
}, 30_000);

describe.skipIf(!available('pip', problemWith('pip')))('with a real pip', () => {
  const requirements = () => ['--require-hashes', '-r', join(network.dir, 'requirements.txt')];
  const index_ = () => `${network.url('pop')}/pypi/simple/`;

  test('what a lock file names is kept, and installs without upstream and without caches', async () => {
    const ran = await mirror([lineOf(app), lineOf(leaf)]);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    await index.off();
    await forgetCaches();
    const told = await meridian('package', app.name, '--route', 'pypi', '--json');
    expect([told.code, told.stdout]).toEqual([0, expect.stringContaining(app.version)]);
    const target = await pipInstalls({ index: index_(), home: network.dir, wanted: requirements() });
    expect(readFileSync(join(target, 'app.py'), 'utf8')).toContain('2.0');
    expect(readFileSync(join(target, 'leaf.py'), 'utf8')).toContain('1.0');
    await index.on();
  }, 60_000);

  test('offline, the same installs, what is not kept does not, and no upstream hears of either', async () => {
    network.rewrite(sketch(true));
    expect((await meridian('reload')).code).toBe(0);
    await eventually('the route to be offline', async () => {
      const answer = await fetch(`${network.url('pop')}/files/nowhere-${crypto.randomUUID()}`);
      return answer.status === 504;
    });
    await forgetCaches();
    index.forget();
    tree.forget();
    await pipInstalls({ index: index_(), home: network.dir, wanted: requirements() });
    const refused = await pipInstall({ index: index_(), home: network.dir, wanted: ['other==1.0'] });
    expect(refused.code).not.toBe(0);
    const ran = await mirror([lineOf(app), 'other==1.0']);
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('other@1.0')]);
    expect([index.requests(), tree.requests()]).toEqual([[], []]);
    network.rewrite(sketch(false));
    expect((await meridian('reload')).code).toBe(0);
  }, 60_000);
});

test('the sums are those of what is kept, and a collection leaves it', async () => {
  const recount = await meridian('storage', '--recount');
  expect([recount.code, recount.stderr]).toEqual([0, '']);
  expect(recount.stdout).toContain('corrected 0');
  const before = (await blobsKept()).store;
  const gc = await meridian('gc', '--json');
  expect([gc.code, JSON.parse(gc.stdout).state]).toEqual([0, 'done']);
  expect((await blobsKept()).store).toMatchObject({ versions: before.versions, bytes: before.bytes });
}, 30_000);
