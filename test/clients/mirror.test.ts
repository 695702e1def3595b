/** A lock file's content is mirrored; then the upstream is off, the caches are gone, and npm, a real one, installs it all the same. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../../src/index.ts';
import { runMeridian, startNetwork, type TestNetwork } from '../support/index.ts';
import { type Registry, startRegistry } from '../support/registry.ts';

let registry: Registry;
let network: TestNetwork;
let project: string;

const sketch = (policy?: { readonly blocked: string[] }) => ({
  nodes: { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'] } } as const,
  routes: [npm({ upstreams: [{ url: registry.url }], ...(policy && { policy }) })],
});

beforeAll(async () => {
  registry = await startRegistry();
  registry.publish('leaf', '1.0.0');
  registry.publish('@far/twig', '2.1.0', { dependencies: { leaf: '^1.0.0' }, sizeBytes: 300_000 });
  registry.publish('elsewhere', '1.0.0');
  network = await startNetwork(sketch());
  project = join(network.dir, 'project');
  mkdirSync(project);
  const dependencies = { '@far/twig': '^2.0.0', elsewhere: '1.0.0' };
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'project', version: '1.0.0', dependencies }),
  );
  expect((await client('install', '--package-lock-only')).said).toBe('');
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
}, 30_000);

async function client(...words: string[]) {
  const cache = join(network.dir, `npm-${crypto.randomUUID()}`);
  const ran =
    await Bun.$`npm ${words} --registry ${network.url('pop')}/ --cache ${cache} --no-audit --no-fund --omit-lockfile-registry-resolved=false --fetch-retries 0 --loglevel error`
      .cwd(project)
      .nothrow()
      .quiet();
  return { code: ran.exitCode, said: ran.stderr.toString().replaceAll(/^npm warn .*\n/gm, '') };
}

async function mirror() {
  const words = ['mirror', '--lock', join(project, 'package-lock.json'), '--config', network.configFile];
  return runMeridian(words, { cwd: network.dir });
}

/** Nothing is left but what is kept for good. */
async function forgetCaches(): Promise<void> {
  for (const name of ['pop', 'origin'] as const) {
    await network.node(name).stop();
    rmSync(join(network.dir, 'data', name, 'cache'), { recursive: true, force: true });
    await network.node(name).restart();
  }
}

test('what a lock file names is kept for good, once', async () => {
  const first = await mirror();
  expect([first.code, first.stderr, first.stdout]).toEqual([0, '', expect.stringContaining('mirrored 3')]);
  expect((await mirror()).stdout).toBe('there 3\n');
});

test('what cannot be had, or is not what the lock file says, is named', async () => {
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'));
  lock.packages['node_modules/nowhere'] = { version: '1.0.0' };
  lock.packages['node_modules/leaf'].integrity = `sha512-${Buffer.alloc(64).toString('base64')}`;
  lock.packages['node_modules/fromgit'] = { version: '1.0.0', resolved: 'git+ssh://git@example.com/a.git#1' };
  const file = join(network.dir, 'package-lock.json');
  writeFileSync(file, JSON.stringify(lock));
  const ran = await runMeridian(['mirror', '--lock', file, '--config', network.configFile], {
    cwd: network.dir,
  });
  expect([ran.code, ran.stdout.trim().split(', ').sort()]).toEqual([1, ['missing 2', 'there 2']]);
  expect(ran.stderr).toContain('nowhere@1.0.0: the upstream answers 404');
  expect(ran.stderr).toContain('leaf@1.0.0: ');
  expect(ran.stderr).toContain('fromgit: comes from no registry');
});

test('npm installs it without upstream and without caches', async () => {
  await registry.off();
  await forgetCaches();
  const { code, said } = await client('ci');
  expect([code, said]).toEqual([0, '']);
  const installed = JSON.parse(readFileSync(join(project, 'node_modules/@far/twig/package.json'), 'utf8'));
  expect(installed.version).toBe('2.1.0');
}, 60_000);

test('a collection leaves it', async () => {
  const ran = await runMeridian(['gc', '--json', '--config', network.configFile], { cwd: network.dir });
  expect(JSON.parse(ran.stdout).counts).toMatchObject({ blobs: 3, kept: 3 });
});

test('what has been blocked since is not given out, and the rest is', async () => {
  network.rewrite(sketch({ blocked: ['leaf@1.0.0'] }));
  await forgetCaches();
  const get = async (path: string) => (await fetch(network.url('pop') + path)).status;
  expect(await get('/leaf/-/leaf-1.0.0.tgz')).toBeGreaterThanOrEqual(400);
  expect(await get('/@far/twig/-/twig-2.1.0.tgz')).toBe(200);
}, 60_000);
