/**
 * A real npm, a real registry, and a whole network between them: PoPs, a shield, an origin, each a process of
 * its own. What counts is who was asked for what, read from the nodes' access logs.
 *
 * The registry is the one that this machine's npm is set to, reached by way of a gateway that can be shut.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../../src/index.ts';
import { type Gateway, openGateway } from '../support/gateway.ts';
import {
  type Asked,
  clientSucceeds,
  startNetwork,
  type TestNetwork,
  tally,
  temporary,
  within,
} from '../support/index.ts';
import { available, realRegistry } from '../support/needs.ts';
import { forYarn, largeProject, lockedPackages, project } from './project.ts';

const registry = await realRegistry();
const packages = await lockedPackages();
const folder = temporary('npm');
let gateway: Gateway;
let network: TestNetwork;
let installs = 0;

/** Longest time for one install: a registry may have a slow minute. */
const installMs = 120_000;
/** How npm asks for metadata when it installs. */
const accept = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*';
/** Metadata is fresh for this long, so that every install after the first finds it stale. */
const freshS = 1;

describe.skipIf(!available('the npm registry of this machine', registry.problem))('npm', () => {
  beforeAll(async () => {
    gateway = await openGateway(registry.url);
    const metadata = { freshS, staleWhileRevalidateS: 0, staleIfErrorS: '1d' } as const;
    network = await startNetwork({
      nodes: {
        origin: { role: 'origin' },
        shield: { role: 'shield', parents: ['origin'] },
        // What each tier is asked for is counted: nothing but what npm asks for.
        'pop-a': { role: 'pop', parents: ['shield'], predict: false },
        'pop-b': { role: 'pop', parents: ['shield'], predict: false },
      },
      routes: [npm({ match: { path: '/npm' }, upstreams: [{ url: gateway.url }], metadata })],
    });
  }, 30_000);

  afterAll(async () => {
    await network?.stop();
    await gateway?.off();
    folder[Symbol.dispose]();
  }, 30_000);

  test('the project has more than 300 packages, each with an integrity hash', () => {
    expect(packages.size).toBeGreaterThan(300);
  });

  test(
    'installs it through PoP A, which asks upstream for every package',
    async () => {
      const seen = await network.during(() => installLarge('pop-a'));
      expect(tally(seen.asked('pop-a'), 'status')).toEqual({ '200': seen.asked('pop-a').length });
      expect(distinct(tarballs(seen.asked('origin')))).toBe(distinct(tarballs(seen.asked('pop-a'))));
      report('cold, PoP A', seen);
    },
    installMs,
  );

  test(
    'again with an empty npm cache: no tarball from beyond the PoP, metadata is confirmed only',
    async () => {
      await metadataIsStale();
      gateway.forget();
      const seen = await network.during(() => installLarge('pop-a'));
      expect(tarballs(seen.asked('pop-a')).length).toBeGreaterThan(300);
      expect(tarballs(seen.asked('shield'))).toEqual([]);
      expect(tarballs(seen.asked('origin'))).toEqual([]);
      expect(gateway.requests().filter((request) => request.endsWith('.tgz'))).toEqual([]);
      expect(Object.keys(tally(metadata(seen.asked('shield')), 'status'))).toEqual(['304']);
      expect(Object.keys(tally(metadata(seen.asked('origin')), 'status'))).toEqual(['304']);
      report('warm, PoP A', seen);
    },
    installMs,
  );

  test(
    'through PoP B: every tarball comes from the shield, none from upstream',
    async () => {
      const seen = await network.during(() => installLarge('pop-b'));
      const fromShield = tarballs(seen.asked('shield'));
      expect(distinct(fromShield)).toBe(distinct(tarballs(seen.asked('pop-b'))));
      expect(fromShield.filter(({ outcome }) => !outcome.startsWith('hit'))).toEqual([]);
      expect(tarballs(seen.asked('origin'))).toEqual([]);
      report('cold, PoP B', seen);
    },
    installMs,
  );

  test(
    'with the upstream switched off: from what is stored, and the answers say so',
    async () => {
      await metadataIsStale();
      await gateway.off();
      const seen = await network.during(() => installLarge('pop-a'));
      const answer = await fetch(`${network.url('pop-a')}/npm/express`, { headers: { accept } });
      await gateway.on();
      expect(tally(seen.asked('pop-a'), 'status')).toEqual({ '200': seen.asked('pop-a').length });
      expect(Object.keys(tally(seen.asked('origin'), 'outcome'))).toEqual(['stale-on-error']);
      expect(answer.headers.get('cache-status')).toContain('stale-if-error');
      expect(Number(answer.headers.get('age'))).toBeGreaterThanOrEqual(freshS);
      report('upstream off, PoP A', seen);
    },
    installMs,
  );

  test(
    'install without a lock file; again with --prefer-online, npm is answered with 304s',
    async () => {
      const where = project(join(folder.path, 'unlocked'), { express: '4.21.2', '@babel/core': '7.26.0' });
      const options = {
        registry: `${network.url('pop-a')}/npm/`,
        project: where,
        home: join(folder.path, 'warm'),
      };
      await clientSucceeds('npm', ['install', '--no-package-lock'], options);
      await Bun.$`rm -r ${join(where, 'node_modules')}`.quiet();
      const seen = await network.during(() =>
        clientSucceeds('npm', ['install', '--no-package-lock', '--prefer-online'], options),
      );
      const asked = metadata(seen.asked('pop-a'));
      expect(asked.length).toBeGreaterThan(60);
      expect(tally(asked, 'status')).toEqual({ '304': asked.length });
      expect(existsSync(join(where, 'node_modules', '@babel', 'core', 'package.json'))).toBe(true);
    },
    installMs,
  );

  test(
    'pnpm installs it, every byte through the PoP',
    async () => {
      const where = largeProject(join(folder.path, 'pnpm'));
      const options = {
        registry: `${network.url('pop-b')}/npm/`,
        project: where,
        home: join(folder.path, 'pnpm-home'),
      };
      const seen = await network.during(() => clientSucceeds('pnpm', ['install'], options));
      expect(tarballs(seen.asked('pop-b')).length).toBeGreaterThan(300);
      expect(existsSync(join(where, 'node_modules', 'express', 'package.json'))).toBe(true);
      report('pnpm, PoP B', seen);
    },
    installMs,
  );

  test(
    'yarn (berry) installs it, every byte through the PoP',
    async () => {
      const where = forYarn(largeProject(join(folder.path, 'yarn')));
      const options = {
        registry: `${network.url('pop-b')}/npm/`,
        project: where,
        home: join(folder.path, 'yarn-home'),
      };
      const seen = await network.during(() => clientSucceeds('yarn', ['install'], options));
      expect(tarballs(seen.asked('pop-b')).length).toBeGreaterThan(300);
      expect(existsSync(join(where, 'node_modules', 'express', 'package.json'))).toBe(true);
      report('yarn, PoP B', seen);
    },
    installMs,
  );
});

/** `npm ci` in a new folder with an empty cache; checks that every package is there in its locked version. */
async function installLarge(pop: string): Promise<void> {
  installs++;
  const where = largeProject(join(folder.path, `large-${installs}`));
  const home = join(folder.path, `home-${installs}`);
  await clientSucceeds('npm', ['ci'], { registry: `${network.url(pop)}/npm/`, project: where, home });
  for (const [path, version] of packages) {
    const installed = (await Bun.file(join(where, path, 'package.json')).json()) as { version: string };
    if (installed.version !== version)
      throw new Error(`${path} is ${installed.version} instead of ${version}`);
  }
}

/** Waits until what was stored last is stale at every tier. */
function metadataIsStale(): Promise<void> {
  return within(10_000, 'metadata to become stale', Bun.sleep(freshS * 1000 + 100));
}

function tarballs(asked: readonly Asked[]): readonly Asked[] {
  return asked.filter(({ kind }) => kind === 'tarball');
}

function metadata(asked: readonly Asked[]): readonly Asked[] {
  return asked.filter(({ kind }) => kind !== 'tarball');
}

/** Some packages are installed in several places, and asked for as often. */
function distinct(asked: readonly Asked[]): number {
  return new Set(asked.map(({ target }) => target)).size;
}

/** The figures, for whoever reads the test's output. */
function report(what: string, seen: { asked(node: string): readonly Asked[] }): void {
  const tiers = ['pop-a', 'pop-b', 'shield', 'origin'].flatMap((name) => {
    const asked = seen.asked(name);
    const outcomes = Object.entries(tally(asked, 'outcome')).map(([outcome, count]) => `${count} ${outcome}`);
    return asked.length === 0
      ? []
      : [
          `  ${name}: ${metadata(asked).length} metadata, ${tarballs(asked).length} tarballs (${outcomes.join(', ')})`,
        ];
  });
  console.log([`${what}:`, ...tiers].join('\n'));
}
