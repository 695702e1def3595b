/** What is foreseen of cargo, held against what cargo asks for. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cargo } from '../../src/index.ts';
import { cargo as ecosystem } from '../../src/protocols/cargo/cargo.ts';
import {
  type CrateDependency,
  type CrateRegistry,
  cargoProblem,
  says,
  startCrateRegistry,
} from '../support/crate-registry.ts';
import { foretell, type RecordingDoor, recordingDoor } from '../support/foretold.ts';
import { startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { within } from '../support/wait.ts';

const canRun = available('cargo', cargoProblem());
const folder = temporary('cargo-foresight');
let upstream: CrateRegistry;
let network: TestNetwork;
let door: RecordingDoor;

const day = (text: string) => ({ time: new Date(text) });

/** A tree with what real ones have: features, platforms, several releases, some that are not compatible, some that are withdrawn. */
function publish(
  name: string,
  versions: readonly (readonly [version: string, published: string])[],
  deps: readonly CrateDependency[] = [],
  features: Readonly<Record<string, readonly string[]>> = {},
) {
  for (const [version, published] of versions)
    upstream.add(name, version, says(name), { deps, features, ...day(published) });
}

beforeAll(async () => {
  upstream = await startCrateRegistry();
  const old = '2022-01-01';
  publish('leaf', [
    ['1.0.0', old],
    ['1.0.1', '2023-01-01'],
  ]);
  publish('cfg-if', [['1.0.0', old]]);
  publish('libc', [
    ['0.2.1', old],
    ['0.2.2', '2023-06-01'],
  ]);
  publish('windows-link', [['0.1.0', old]]);
  publish('windows-sys', [['0.48.0', old]], [{ name: 'windows-link', req: '0.1' }]);
  publish('unused', [['1.0.0', old]]);
  publish('memo', [['2.0.0', old]]);
  publish('memo', [['2.1.0', '2023-01-01']], [{ name: 'leaf', req: '>=1.0, <2' }]);
  publish(
    'derive',
    [['1.0.9', old]],
    [
      { name: 'quote', req: '1' },
      { name: 'syn', req: '^2' },
    ],
  );
  publish('unicode', [['1.0.3', old]]);
  publish('quote', [['1.0.2', old]], [{ name: 'proc', req: '1' }]);
  publish('proc', [['1.0.7', old]], [{ name: 'unicode', req: '1.0' }]);
  publish(
    'syn',
    [
      ['1.0.1', old],
      ['2.0.4', '2023-02-02'],
    ],
    [
      { name: 'proc', req: '1' },
      { name: 'quote', req: '1', optional: true },
    ],
    { default: ['printing'], printing: ['dep:quote'] },
  );
  publish(
    'serial',
    [
      ['1.0.0', old],
      ['1.0.1', '2023-04-04'],
    ],
    [{ name: 'derive', req: '=1.0.9', optional: true }],
    { default: ['std'], std: [], derive: ['dep:derive'] },
  );
  publish(
    'io',
    [['1.2.0', old]],
    [
      { name: 'libc', req: '0.2.1', target: 'cfg(unix)' },
      { name: 'windows-sys', req: '^0.48', target: 'cfg(windows)' },
      { name: 'cfg-if', req: '~1.0' },
      { name: 'unused', req: '1', optional: true },
    ],
  );
  publish('log', [['0.4.1', old]]);
  publish(
    'runtime',
    [['1.30.0', old]],
    [
      { name: 'io', req: '1' },
      { name: 'log', req: '0.4', optional: true },
      { name: 'memo', req: '2' },
      { name: 'unused', req: '1', kind: 'dev' },
      { name: 'auto', req: '1', kind: 'build' },
    ],
    { default: ['logging'], logging: ['log'] },
  );
  publish('auto', [['1.1.0', old]]);
  const lately = new Date(Date.now() - 10 * 86_400_000).toISOString();
  publish('moving', [
    ['1.0.0', old],
    ['1.0.1', lately],
  ]);
  publish(
    'web',
    [['0.12.0', old]],
    [
      { name: 'runtime', req: '1' },
      { name: 'serial', req: '1', features: ['derive'] },
      { name: 'leaf', req: '=1.0.0' },
    ],
  );
  network = await startNetwork({
    nodes: { origin: { role: 'origin' }, near: { role: 'pop', parents: ['origin'] } },
    routes: [cargo({ upstreams: [{ url: upstream.url }] })],
  });
  door = recordingDoor(network.url('near'));
}, 60_000);

afterAll(async () => {
  door?.[Symbol.dispose]();
  await network?.stop();
  await upstream?.off();
  folder[Symbol.dispose]();
});

async function cargoRuns(args: readonly string[], home: string, cwd: string): Promise<void> {
  const own = join(folder.path, home);
  mkdirSync(own, { recursive: true });
  const config = `[source.crates-io]\nreplace-with = "here"\n[source.here]\nregistry = "sparse+${door.url}/cargo/"\n`;
  writeFileSync(join(own, 'config.toml'), config);
  const child = Bun.spawn(['cargo', ...args], {
    cwd,
    env: {
      ...{ PATH: process.env.PATH ?? '', HOME: own, CARGO_HOME: own, CARGO_TERM_COLOR: 'never' },
      RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(process.env.HOME ?? '/', '.rustup'),
    },
    ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
  });
  const [code, said] = await within(60_000, 'cargo', Promise.all([child.exited, child.stderr.text()]));
  if (code !== 0) throw new Error(`cargo ${args.join(' ')} ended with ${code}:\n${said}`);
}

function project(name: string, dependencies: string): string {
  const cwd = join(folder.path, name);
  mkdirSync(join(cwd, 'src'), { recursive: true });
  const about = `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n`;
  writeFileSync(join(cwd, 'Cargo.toml'), `${about}\n[dependencies]\n${dependencies}`);
  writeFileSync(join(cwd, 'src', 'main.rs'), 'fn main() {}\n');
  return cwd;
}

const foretold = () =>
  foretell(ecosystem({ authRequired: false }), door.passed(), { url: network.url('near'), prefix: '/cargo' });

describe.skipIf(!canRun)('of cargo', () => {
  test('a build without a lock file is foreseen, with its indexes and its crates', async () => {
    const cwd = project('unlocked', 'web = "0.12"\nmemo = "2"\n');
    door.forget();
    await cargoRuns(['check'], 'unlocked-home', cwd);
    const told = await foretold();
    expect(told.precision).toBeGreaterThan(0.8);
    expect(told.recall).toBeGreaterThan(0.8);
  }, 60_000);

  test('a build with a lock file and without any indexes is foreseen', async () => {
    const cwd = project('locked', 'web = "0.12"\nmemo = "2"\n');
    await cargoRuns(['generate-lockfile'], 'locking-home', cwd);
    door.forget();
    await cargoRuns(['check', '--locked'], 'locked-home', cwd);
    const told = await foretold();
    expect(told.precision).toBeGreaterThan(0.8);
    expect(told.recall).toBeGreaterThan(0.8);
  }, 60_000);

  test('what a lock file does not have that is some days old is not foreseen', async () => {
    const cwd = project('aged', 'moving = "1"\nruntime = "1"\n');
    await cargoRuns(['generate-lockfile'], 'ageing-home', cwd);
    await cargoRuns(['update', 'moving', '--precise', '1.0.0'], 'ageing-home', cwd);
    door.forget();
    await cargoRuns(['check', '--locked'], 'aged-home', cwd);
    const told = await foretold();
    expect(told.inVain).toEqual([]);
  }, 60_000);

  test('whoever has all indexes is foreseen to ask for crates alone', async () => {
    const cwd = project('cached', 'web = "0.12"\nmemo = "2"\n');
    await cargoRuns(['generate-lockfile'], 'cached-home', cwd);
    door.forget();
    await cargoRuns(['check', '--locked'], 'cached-home', cwd);
    const told = await foretold();
    expect(told.precision).toBeGreaterThan(0.8);
    expect([...told.foreseen.keys()].filter((target) => !target.endsWith('/download'))).toEqual([]);
  }, 60_000);

  test('an update of what is there fetches no crates', async () => {
    const cwd = project('updated', 'web = "0.12"\n');
    await cargoRuns(['check'], 'updated-home', cwd);
    door.forget();
    await cargoRuns(['update'], 'updated-home', cwd);
    const told = await foretold();
    expect(told.precision).toBeGreaterThan(0.8);
    expect([...told.foreseen.keys()].filter((target) => target.endsWith('/download'))).toEqual([]);
  }, 60_000);
});
