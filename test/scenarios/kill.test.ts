/**
 * kill -9 of any node at any instant: after its restart the network works, and everything that it serves is what was
 * published. A few rounds by default; `MERIDIAN_ROUNDS=100` for a night. For the store of a PoP by itself, and very
 * many kills, see `kill-store.test.ts`.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { npm } from '../../src/index.ts';
import { project } from '../clients/project.ts';
import {
  eventually,
  type Published,
  type Registry,
  runClient,
  startNetwork,
  startRegistry,
  type TestNetwork,
  temporary,
} from '../support/index.ts';

const rounds = Number(process.env.MERIDIAN_ROUNDS ?? 2);
const tiers = ['origin', 'shield', 'pop'] as const;
const packageCount = 40;
const folder = temporary('kill');
let registry: Registry;
let network: TestNetwork;

beforeAll(async () => {
  registry = await startRegistry();
  // Slow enough for every kill to meet tarballs that are under way.
  registry.fault({ as: 'slow', bytesPerSecond: 1_500_000 }, ({ path }) => path.endsWith('.tgz'));
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'], memory: { bytes: '2 MiB', objectBytes: '256 KiB' } },
    },
    routes: [npm({ match: { path: '/npm' }, upstreams: [{ url: registry.url }] })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
  folder[Symbol.dispose]();
}, 30_000);

for (const tier of tiers) {
  test(
    `${tier} is killed during installs, and the next install works`,
    async () => {
      for (let round = 1; round <= rounds; round++) {
        const published = publish(`${tier}-${round}`);
        const tarballs = () => published.filter(({ path }) => registry.count(path) > 0).length;
        const interrupted = install(published);
        // At another moment each time.
        await eventually('the install to be under way', () => tarballs() >= 1 + ((round * 11) % 30), {
          everyMs: 1,
        });
        await network.node(tier).kill9();
        await network.node(tier).restart();
        await interrupted; // Whether this one works depends on what the kill has met.

        const next = await install(published);
        expect(next.code, next.output).toBe(0);
        await checksum(published, `${tier}, round ${round}`);
      }
    },
    60_000 * rounds,
  );
}

/** Packages of 20 to 800 KB that no tier has seen yet. */
function publish(prefix: string): Published[] {
  return Array.from({ length: packageCount }, (_, index) => {
    const name = index % 4 === 0 ? `@acme/${prefix}-${index}` : `${prefix}-${index}`;
    return registry.publish(name, '1.0.0', { sizeBytes: 20_000 * (index + 1) });
  });
}

/** All of them, with an empty npm cache. */
function install(published: readonly Published[]) {
  const name = crypto.randomUUID();
  const dependencies = Object.fromEntries(published.map((one) => [one.name, one.version]));
  return runClient('npm', ['install', '--no-package-lock', '--fetch-retries=0'], {
    registry: `${network.url('pop')}/npm/`,
    project: project(join(folder.path, name), dependencies),
    home: join(folder.path, `${name}-home`),
  });
}

async function checksum(published: readonly Published[], when: string): Promise<void> {
  for (const { path, integrity } of published) {
    const bytes = await (await fetch(`${network.url('pop')}/npm${path}`)).bytes();
    const actual = `sha512-${new Bun.CryptoHasher('sha512').update(bytes).digest('base64')}`;
    expect(actual, `${path} after ${when}`).toBe(integrity);
  }
}
