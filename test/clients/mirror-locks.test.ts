/** What a go.sum and a Cargo.lock name is kept for good: then upstreams are off, caches are gone, and go and cargo build all the same. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cargo, go } from '../../src/index.ts';
import { type CrateRegistry, cargoProblem, startCrateRegistry } from '../support/crate-registry.ts';
import { type GoProxy, startGoProxy } from '../support/go-proxy.ts';
import { runMeridian, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { within } from '../support/wait.ts';

const problem = Bun.which('go') === null ? 'go is not installed' : cargoProblem();
const canRun = available('go and cargo', problem);
const folder = temporary('locks');
let proxy: GoProxy;
let crates: CrateRegistry;
let network: TestNetwork;

beforeAll(async () => {
  [proxy, crates] = await Promise.all([startGoProxy(), startCrateRegistry()]);
  const files = (name: string) => ({
    'go.mod': `module example.com/${name}\n\ngo 1.19\n`,
    'a.go': `package ${name}\n\nfunc Say() string { return "${name}" }\n`,
  });
  await proxy.add('example.com/leaf', 'v1.0.0', files('leaf'));
  const twig = { 'go.mod': 'module example.com/twig\n\ngo 1.19\n\nrequire example.com/leaf v1.0.0\n' };
  const code = 'package twig\n\nimport "example.com/leaf"\n\nfunc Say() string { return leaf.Say() }\n';
  await proxy.add('example.com/twig', 'v1.0.0', { ...twig, 'a.go': code });
  const lib = (text: string) => ({ 'src/lib.rs': `pub fn say() -> &'static str { ${text} }\n` });
  crates.add('leaf', '1.0.0', lib('"leaf"'));
  crates.add('twig', '1.0.0', lib('leaf::say()'), { deps: [{ name: 'leaf', req: '1' }] });
  network = await startNetwork({
    nodes: { origin: { role: 'origin', store: {} }, pop: { role: 'pop', parents: ['origin'] } },
    routes: [
      go({ upstreams: [{ url: proxy.url }], sumdb: proxy.database.name }),
      cargo({ upstreams: [{ url: crates.url }] }),
    ],
  });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await Promise.all([proxy?.off(), crates?.off()]);
  // The go command makes what it unpacks read-only.
  Bun.spawnSync(['chmod', '-R', 'u+w', folder.path]);
  folder[Symbol.dispose]();
});

/** On a machine that has never fetched anything. */
async function run(cwd: string, ...words: string[]): Promise<string> {
  const home = join(folder.path, crypto.randomUUID());
  mkdirSync(home);
  const index = `"sparse+${network.url('pop')}/cargo/"`;
  const config = `[registries.meridian]\nindex = ${index}\n[source.crates-io]\nreplace-with = "meridian"\n`;
  writeFileSync(join(home, 'config.toml'), config);
  const child = Bun.spawn(words, {
    cwd,
    env: {
      ...{
        PATH: process.env.PATH ?? '',
        HOME: home,
        GOPATH: join(home, 'go'),
        GOCACHE: join(folder.path, 'gocache'),
      },
      ...{
        GOPROXY: `${network.url('pop')}/go`,
        GOSUMDB: proxy.database.key,
        GOFLAGS: '-mod=mod',
        GOVCS: '*:off',
      },
      ...{ GOTOOLCHAIN: 'local', CARGO_HOME: home, CARGO_TARGET_DIR: join(home, 'target') },
      RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(process.env.HOME ?? '/', '.rustup'),
    },
    ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
  });
  const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [code, stdout, stderr] = await within(60_000, words.join(' '), all);
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}:\n${stderr}`);
  return stdout;
}

function project(name: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder.path, name, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return join(folder.path, name);
}

const mirror = (lock: string) =>
  runMeridian(['mirror', '--lock', lock, '--config', network.configFile], { cwd: network.dir });

describe.skipIf(!canRun)('what a lock file names', () => {
  test('can be built without upstreams and without caches', async () => {
    const inGo = project('in-go', {
      'go.mod': 'module example.com/program\n\ngo 1.19\n',
      'main.go': 'package main\n\nimport "example.com/twig"\n\nfunc main() { print(twig.Say()) }\n',
    });
    await run(inGo, 'go', 'get', 'example.com/twig@v1.0.0');
    const inRust = project('in-rust', {
      'Cargo.toml':
        '[package]\nname = "program"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\ntwig = "1"\n',
      'src/main.rs': 'fn main() { print!("{}", twig::say()); }\n',
    });
    await run(inRust, 'cargo', 'generate-lockfile');

    for (const lock of [join(inGo, 'go.sum'), join(inRust, 'Cargo.lock')]) {
      const { code, stderr, stdout } = await mirror(lock);
      expect([code, stderr, stdout]).toEqual([0, '', expect.stringContaining('mirrored')]);
    }
    await Promise.all([proxy.off(), crates.off()]);
    for (const name of ['pop', 'origin']) {
      await network.node(name).stop();
      rmSync(join(network.dir, 'data', name, 'cache'), { recursive: true, force: true });
      await network.node(name).restart();
    }
    expect(await run(inGo, 'go', 'run', '.')).toBe('');
    expect(await run(inRust, 'cargo', 'run', '--quiet', '--locked')).toBe('leaf');
  }, 60_000);
});
