/** Lock files of cargo and go that are ordered at a PoP: real clients then build there, and the PoP asks its parent for nothing that they ask it for. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cargo, go } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { type CrateRegistry, cargoProblem, says, startCrateRegistry } from '../support/crate-registry.ts';
import { type GoProxy, greet, startGoProxy } from '../support/go-proxy.ts';
import { runMeridian, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { within } from '../support/wait.ts';

const hasCargo = available('cargo', cargoProblem());
const hasGo = available('go', Bun.which('go') === null ? 'it is not installed' : null);
const folder = temporary('prefetch-locks');
let crates: CrateRegistry;
let modules: GoProxy;
let network: TestNetwork;
let token: string;

beforeAll(async () => {
  crates = await startCrateRegistry();
  modules = await startGoProxy();
  crates.add('leaf', '1.0.0', says('leaf'));
  crates.add('tree', '1.0.0', says('tree'), { deps: [{ name: 'leaf', req: '1' }] });
  for (const name of ['leaf', 'tree'])
    await modules.add(`example.com/${name}`, 'v1.0.0', greet(`example.com/${name}`, name));
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      near: { role: 'pop', parents: ['origin'] },
      far: { role: 'pop', parents: ['origin'] },
      office: { role: 'pop', parents: ['origin'] },
    },
    routes: [
      cargo({ match: { path: '/cargo' }, upstreams: [{ url: crates.url }] }),
      go({ match: { path: '/go' }, upstreams: [{ url: modules.url }] }),
    ],
  });
  ({ token } = await tokenFor(network.node('origin'), 'ci', [
    { actions: ['prefetch'], routes: ['cargo'], subjects: ['leaf', 'tree'] },
    { actions: ['prefetch'], routes: ['go'], subjects: ['*'] },
  ]));
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await Promise.all([crates?.off(), modules?.off()]);
  folder[Symbol.dispose]();
});

function project(name: string, files: Readonly<Record<string, string>>): string {
  const cwd = join(folder.path, name);
  mkdirSync(join(cwd, 'src'), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(cwd, file), text);
  return cwd;
}

/** With nothing in any cache of its own. */
async function runs(command: readonly string[], pop: string, cwd: string): Promise<void> {
  const home = join(folder.path, crypto.randomUUID());
  mkdirSync(home);
  const source = `sparse+${network.url(pop)}/cargo/`;
  const config = `[source.crates-io]\nreplace-with = "here"\n[source.here]\nregistry = "${source}"\n`;
  writeFileSync(join(home, 'config.toml'), config);
  const { PATH = '', HOME = '/', RUSTUP_HOME = join(HOME, '.rustup') } = process.env;
  const goes = { GOPATH: home, GOPROXY: `${network.url(pop)}/go`, GONOSUMDB: '*', GOFLAGS: '-modcacherw' };
  const env = { PATH, HOME: home, CARGO_HOME: home, RUSTUP_HOME, ...goes };
  const child = Bun.spawn([...command], { cwd, env, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [code, said] = await within(
    60_000,
    command.join(' '),
    Promise.all([child.exited, child.stderr.text()]),
  );
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${said}`);
}

async function ordered(lockFile: string): Promise<void> {
  const env = { MERIDIAN_URL: network.url('near'), MERIDIAN_TOKEN: token };
  const ran = await runMeridian(['prefetch', lockFile, '--to', 'near', '--wait'], { cwd: folder.path, env });
  expect([ran.code, ran.stderr]).toEqual([0, '']);
}

/** Of what a client asks of a PoP: all of it, and what the PoP then asks for, too. */
async function askedBy(command: readonly string[], pop: string, cwd: string) {
  const seen = await network.during(() => runs(command, pop, cwd));
  const asked = new Set(seen.asked(pop).map(({ target }) => target));
  const beyond = new Set(seen.asked('origin').map(({ target }) => target));
  return { asked: [...asked], beyond: [...asked].filter((target) => beyond.has(target)) };
}

describe.skipIf(!hasCargo)('cargo', () => {
  test('builds from a Cargo.lock that was ordered', async () => {
    const about = '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n';
    const files = { 'Cargo.toml': `${about}[dependencies]\ntree = "1"\n`, 'src/main.rs': 'fn main() {}\n' };
    const cwd = project('crate', files);
    await runs(['cargo', 'generate-lockfile'], 'office', cwd);
    await ordered(join(cwd, 'Cargo.lock'));
    const near = await askedBy(['cargo', 'fetch', '--locked'], 'near', cwd);
    expect(near.asked.filter((target) => target.includes('download'))).toHaveLength(2);
    // No lock file names it, and who may order these two crates alone may order it, too.
    expect(near.asked).toContain('/cargo/config.json');
    expect(near.beyond).toEqual([]);
    expect((await askedBy(['cargo', 'fetch', '--locked'], 'far', cwd)).beyond.length).toBeGreaterThan(1);
  }, 60_000);
});

describe.skipIf(!hasGo)('go', () => {
  test('builds from a go.sum that was ordered', async () => {
    const needs = 'require (\n\texample.com/leaf v1.0.0\n\texample.com/tree v1.0.0\n)\n';
    const cwd = project('module', { 'go.mod': `module app\n\ngo 1.19\n\n${needs}` });
    await runs(['go', 'mod', 'download', 'all'], 'office', cwd);
    await ordered(join(cwd, 'go.sum'));
    const near = await askedBy(['go', 'mod', 'download', 'all'], 'near', cwd);
    expect(near.asked.filter((target) => target.endsWith('.zip'))).toHaveLength(2);
    expect(near.beyond).toEqual([]);
    expect((await askedBy(['go', 'mod', 'download', 'all'], 'far', cwd)).beyond).not.toEqual([]);
  }, 60_000);
});
