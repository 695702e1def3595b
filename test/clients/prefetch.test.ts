/**
 * A job of a CI orders what its lock file names at a PoP before anybody there asks for it: then a real npm installs it through that PoP, which asks its
 * parent for no tarball.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../../src/index.ts';
import { type PrefetchState, prefetchState } from '../../src/messages/prefetch-order.ts';
import { tokenFor } from '../support/access.ts';
import { type Gateway, openGateway } from '../support/gateway.ts';
import {
  type Asked,
  clientSucceeds,
  runMeridian,
  startNetwork,
  startRegistry,
  type TestNetwork,
  temporary,
} from '../support/index.ts';
import { available, realRegistry } from '../support/needs.ts';
import type { Seen } from '../support/network.ts';
import type { Published, Registry } from '../support/registry.ts';
import { largeProject, lockedPackages, project } from './project.ts';

const real = await realRegistry();
const folder = temporary('prefetch');
let gateway: Gateway | null = null;
let registry: Registry;
let network: TestNetwork;
let token: string;
let published: readonly Published[];
const packages = 40;
const installMs = 60_000;

beforeAll(async () => {
  registry = await startRegistry();
  if (real.problem === null) gateway = await openGateway(real.url);
  published = Array.from({ length: packages }, (_, nth) => {
    const next = nth + 1 < packages ? { [`pack-${nth + 1}`]: '^1.0.0' } : {};
    return registry.publish(`pack-${nth}`, '1.0.0', { dependencies: next, sizeBytes: 20_000 });
  });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'], workers: 2 },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      npm({ match: { path: '/npm' }, upstreams: [{ url: registry.url }] }),
      npm({ name: 'real', match: { path: '/real' }, upstreams: [{ url: gateway?.url ?? registry.url }] }),
    ],
  });
  const right = { actions: ['prefetch'], routes: ['npm', 'real'], subjects: ['*'] } as const;
  ({ token } = await tokenFor(network.node('origin'), 'ci', [right]));
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await Promise.all([registry?.off(), gateway?.off()]);
  folder[Symbol.dispose]();
}, 30_000);

/** At a PoP, as a job of a CI that has a token. */
function ordered(pop: string, ...words: string[]) {
  const env = { MERIDIAN_URL: network.url(pop), MERIDIAN_TOKEN: token };
  return runMeridian(['prefetch', ...words], { cwd: folder.path, env });
}

const stateIn = (stdout: string): PrefetchState => prefetchState.parse(JSON.parse(stdout));
const ofKind = (asked: readonly Asked[], kind: string) => asked.filter((each) => each.kind === kind);

/** Of what was asked for at a PoP: that for which its parent was asked. What it foresees for other reasons is none of it. */
function beyond(seen: Seen<unknown>, pop: string, kind: string): readonly string[] {
  const wanted = new Set(ofKind(seen.asked(pop), kind).map(({ target }) => target));
  const asked = ofKind(seen.asked('shield'), kind).map(({ target }) => target);
  return [...new Set(asked)].filter((target) => wanted.has(target));
}

/** For clients of one PoP: lock files name the registry. */
function checkout(name: string, pop: string): string {
  const where = project(join(folder.path, name), { 'pack-0': '1.0.0' });
  const entries = published.map(({ name, version, integrity, path }) => {
    const resolved = `${network.url(pop)}/npm${path}`;
    const nth = Number(name.slice('pack-'.length));
    const next = nth + 1 < packages ? { dependencies: { [`pack-${nth + 1}`]: '^1.0.0' } } : {};
    return [`node_modules/${name}`, { version, resolved, integrity, ...next }] as const;
  });
  const root = { name: 'project', version: '1.0.0', dependencies: { 'pack-0': '1.0.0' } };
  const lock = { name: 'project', version: '1.0.0', lockfileVersion: 3, requires: true };
  const packagesOf = { '': root, ...Object.fromEntries(entries) };
  writeFileSync(join(where, 'package-lock.json'), JSON.stringify({ ...lock, packages: packagesOf }));
  return where;
}

async function install(pop: string, where: string, ...words: string[]): Promise<void> {
  const home = join(folder.path, crypto.randomUUID());
  await clientSucceeds('npm', words, { registry: `${network.url(pop)}/npm/`, project: where, home });
  expect(existsSync(join(where, 'node_modules', `pack-${packages - 1}`, 'package.json'))).toBe(true);
}

test(
  'npm ci of what a lock file names finds every tarball at the PoP that was told of it, and at no other',
  async () => {
    const where = checkout('locked', 'near');
    const ran = await ordered('near', join(where, 'package-lock.json'), '--to', 'near', '--wait', '--json');
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    const state = stateIn(ran.stdout);
    expect(state).toMatchObject({
      state: 'told',
      wanted: packages,
      looked: packages,
      items: packages,
      refused: [],
    });
    expect(state.nodes).toMatchObject([{ node: 'near', state: 'whole', present: packages, missingBytes: 0 }]);
    const seen = await network.during(() => install('near', where, 'ci'));
    expect(ofKind(seen.asked('near'), 'tarball').length).toBeGreaterThanOrEqual(packages);
    expect(beyond(seen, 'near', 'tarball')).toEqual([]);
    const elsewhere = checkout('elsewhere', 'far');
    const far = await network.during(() => install('far', elsewhere, 'ci'));
    expect(beyond(far, 'far', 'tarball')).toHaveLength(packages);
  },
  installMs,
);

test(
  'with indexes, npm install without a lock file asks the parent for neither documents nor tarballs',
  async () => {
    const where = checkout('indexes', 'far');
    const words = ['--indexes', '--to', 'far', '--wait', '--json'];
    const ran = await ordered('far', join(where, 'package-lock.json'), ...words);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(stateIn(ran.stdout).nodes).toMatchObject([{ node: 'far', state: 'whole', present: 3 * packages }]);
    const unlocked = project(join(folder.path, 'unlocked'), { 'pack-0': '1.0.0' });
    const seen = await network.during(() => install('far', unlocked, 'install', '--no-package-lock'));
    expect(ofKind(seen.asked('far'), 'packument')).toHaveLength(packages);
    expect(beyond(seen, 'far', 'packument')).toEqual([]);
    expect(beyond(seen, 'far', 'tarball')).toEqual([]);
  },
  installMs,
);

test.skipIf(!available('the npm registry of this machine', real.problem))(
  'of a real project, no tarball is asked for beyond a PoP that was told of its lock file',
  async () => {
    const where = largeProject(join(folder.path, 'large'));
    const locked = join(where, 'package-lock.json');
    const words = ['--route', 'real', '--no-indexes', '--to', 'near', '--wait', '--json'];
    const ran = await ordered('near', locked, ...words);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    const state = stateIn(ran.stdout);
    const archives = new Set((await lockedPackages()).keys()).size;
    expect(state.nodes).toMatchObject([
      { node: 'near', state: 'whole', present: state.items, missingBytes: 0 },
    ]);
    expect(state.items).toBeGreaterThan(300);
    expect(state.items).toBeLessThanOrEqual(archives);
    const home = join(folder.path, 'large-home');
    const registryUrl = `${network.url('near')}/real/`;
    const seen = await network.during(() =>
      clientSucceeds('npm', ['ci'], { registry: registryUrl, project: where, home }),
    );
    expect(ofKind(seen.asked('near'), 'tarball').length).toBeGreaterThan(300);
    expect(beyond(seen, 'near', 'tarball')).toEqual([]);
  },
  180_000,
);
