/** cargo through a PoP, a shield and an origin: in the place of crates.io, and as a registry of its own. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cargo } from '../../src/index.ts';
import { guides } from '../../src/protocols/cargo/guides.ts';
import { tokenFor } from '../support/access.ts';
import { type CrateRegistry, cargoProblem, says, startCrateRegistry } from '../support/crate-registry.ts';
import { runMeridian, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { within } from '../support/wait.ts';

const canRun = available('cargo', cargoProblem());
const folder = temporary('cargo');
const rustupHome = join(process.env.HOME ?? '/', '.rustup');
let upstream: CrateRegistry;
let network: TestNetwork;
let token: string;

beforeAll(async () => {
  upstream = await startCrateRegistry();
  upstream.add('inner', '1.0.0', says('inner'));
  upstream.add(
    'Outer_crate',
    '1.2.0',
    { 'src/lib.rs': "pub fn say() -> &'static str { inner::say() }\n" },
    { deps: [{ name: 'inner', req: '^1' }] },
  );
  upstream.add('young', '1.0.0', says('old'), { time: new Date('2020-01-01') });
  upstream.add('young', '1.1.0', says('young'), { time: new Date() });
  upstream.add('timeless', '1.0.0', says('who knows'));
  // A name that lives here, by somebody else.
  upstream.add('corp-secret', '9.9.9', says('stolen'));
  const hosted = { names: ['corp-*', 'pub-*'], public: ['pub-*'] };
  const upstreams = [{ url: upstream.url }];
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      cargo({ upstreams, hosted, metadata: { freshS: 60 }, maxIndexBytes: '64 KiB' }),
      cargo({
        name: 'closed',
        match: { path: '/closed' },
        access: 'closed',
        upstreams,
        hosted: { names: ['corp-*'] },
      }),
      cargo({
        ...{ name: 'aged', match: { path: '/aged' }, upstreams },
        policy: {
          releaseAge: { minimumS: '1d', withoutTime: 'refuse', exempt: ['inner'] },
          blocked: ['forged'],
        },
      }),
    ],
  });
  const actions = ['read', 'publish', 'delete'] as const;
  const rights = [
    { actions, routes: ['cargo', 'closed'], subjects: ['corp-*', 'pub-*'] },
    { actions: ['read'] as const, routes: ['closed'], subjects: ['*'] },
  ];
  ({ token } = await tokenFor(network.node('origin'), 'alice', rights));
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
  folder[Symbol.dispose]();
});

const base = (pop = 'near', route = 'cargo') => `${network.url(pop)}/${route}`;
const get = async (
  path: string,
  { pop = 'near', route = 'cargo', ...init }: RequestInit & { pop?: string; route?: string } = {},
) => {
  const response = await fetch(`${base(pop, route)}/${path}`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
};
const shown = () => ({ headers: { authorization: token } });

interface Machine {
  readonly home?: string;
  readonly pop?: string;
  readonly route?: string;
  readonly cwd?: string;
  readonly hasToken?: boolean;
}

/** A machine of its own, whose cargo has the route in the place of crates.io, and as a registry that is called `meridian`. */
async function runCargo(args: readonly string[], machine: Machine = {}) {
  const { home = 'home', pop = 'near', route = 'cargo', cwd = folder.path, hasToken = true } = machine;
  const own = join(folder.path, home, route, pop);
  mkdirSync(own, { recursive: true });
  const lines = [
    ...['[registries.meridian]', `index = "sparse+${base(pop, route)}/"`],
    ...[
      '[source.crates-io]',
      'replace-with = "meridian"',
      '[registry]',
      'global-credential-providers = ["cargo:token"]',
    ],
  ];
  writeFileSync(join(own, 'config.toml'), lines.join('\n'));
  const child = Bun.spawn(['cargo', ...args], {
    cwd,
    env: {
      ...{
        PATH: process.env.PATH ?? '',
        HOME: own,
        CARGO_HOME: own,
        CARGO_TARGET_DIR: join(folder.path, 'target'),
      },
      ...{
        RUSTUP_HOME: process.env.RUSTUP_HOME ?? rustupHome,
        CARGO_TERM_COLOR: 'never',
      },
      ...(hasToken && { CARGO_REGISTRIES_MERIDIAN_TOKEN: token }),
    },
    ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
  });
  const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [code, stdout, stderr] = await within(60_000, `cargo ${args.join(' ')}`, all);
  return { code, stdout, output: stdout + stderr };
}

async function cargoSucceeds(...args: Parameters<typeof runCargo>) {
  const run = await runCargo(...args);
  if (run.code !== 0) throw new Error(`cargo ${args[0].join(' ')} ended with ${run.code}:\n${run.output}`);
  return run;
}

function crate(name: string, version: string, lib: string, more = ''): string {
  const cwd = join(folder.path, 'crates', `${name}-${version}`);
  mkdirSync(join(cwd, 'src'), { recursive: true });
  const about = `license = "MIT"\ndescription = "about ${name}"\nedition = "2021"`;
  writeFileSync(
    join(cwd, 'Cargo.toml'),
    `[package]\nname = "${name}"\nversion = "${version}"\n${about}\n\n[dependencies]\n${more}`,
  );
  writeFileSync(join(cwd, 'src', 'lib.rs'), lib);
  return cwd;
}

function program(name: string, use: string): string {
  const cwd = join(folder.path, name);
  mkdirSync(join(cwd, 'src'), { recursive: true });
  writeFileSync(
    join(cwd, 'Cargo.toml'),
    `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\n`,
  );
  writeFileSync(join(cwd, 'src', 'main.rs'), `fn main() { println!("{}", ${use}::say()); }\n`);
  return cwd;
}

describe.skipIf(!canRun)('cargo', () => {
  test('gets and builds crates: cold, warm from the cache, and with the upstream down', async () => {
    const cold = program('cold', 'Outer_crate');
    await cargoSucceeds(['add', 'Outer_crate'], { cwd: cold });
    expect((await cargoSucceeds(['run', '--quiet'], { cwd: cold })).stdout).toBe('inner\n');
    upstream.forget();
    const warm = program('warm', 'Outer_crate');
    await cargoSucceeds(['add', 'Outer_crate'], { cwd: warm, home: 'second' });
    await cargoSucceeds(['fetch'], { cwd: warm, home: 'second' });
    expect(upstream.requests().map(({ target }) => target)).toEqual([]);
    await upstream.off();
    try {
      const down = program('down', 'Outer_crate');
      await cargoSucceeds(['add', 'Outer_crate'], { cwd: down, home: 'third', pop: 'far' });
      await cargoSucceeds(['fetch'], { cwd: down, home: 'third', pop: 'far' });
    } finally {
      await upstream.on();
    }
  }, 60_000);

  test('publishes, is seen at another PoP at once, yanks, and takes that back', async () => {
    const lib = "pub fn say() -> &'static str { inner::say() }\n";
    await cargoSucceeds(['publish', '--registry', 'meridian', '--no-verify', '--allow-dirty'], {
      cwd: crate('pub-lib', '1.0.0', lib, 'inner = "1"\n'),
    });
    const line = JSON.parse((await get('pu/b-/pub-lib', { pop: 'far' })).text);
    expect(line).toMatchObject({
      name: 'pub-lib',
      vers: '1.0.0',
      yanked: false,
      deps: [{ name: 'inner', req: '^1' }],
    });
    const user = program('user', 'pub_lib');
    await cargoSucceeds(['add', 'pub-lib', '--registry', 'meridian'], { cwd: user, pop: 'far' });
    expect((await cargoSucceeds(['run', '--quiet'], { cwd: user, pop: 'far' })).stdout).toBe('inner\n');

    const again = await runCargo(['publish', '--registry', 'meridian', '--no-verify', '--allow-dirty'], {
      cwd: crate('pub-lib', '1.0.0', `${lib}// other\n`, 'inner = "1"\n'),
    });
    expect([again.code === 0, again.output]).toEqual([false, expect.stringContaining('already')]);

    await cargoSucceeds(['yank', '--registry', 'meridian', 'pub-lib@1.0.0']);
    expect(JSON.parse((await get('pu/b-/pub-lib', { pop: 'far' })).text)).toEqual({ ...line, yanked: true });
    const other = await runCargo(['add', 'pub-lib@1', '--registry', 'meridian'], {
      cwd: program('other', 'pub_lib'),
      pop: 'far',
      home: 'fourth',
    });
    const fetched = await runCargo(['fetch'], {
      cwd: join(folder.path, 'other'),
      pop: 'far',
      home: 'fourth',
    });
    expect([other.code === 0 && fetched.code === 0, other.output + fetched.output]).toEqual([
      false,
      expect.stringContaining('could not be found'),
    ]);
    await cargoSucceeds(['yank', '--undo', '--registry', 'meridian', 'pub-lib@1.0.0']);
    expect(JSON.parse((await get('pu/b-/pub-lib', { pop: 'far' })).text)).toEqual(line);
  }, 60_000);

  test('finds what lives here and what the upstream finds, and never two of one name', async () => {
    await cargoSucceeds(['publish', '--registry', 'meridian', '--no-verify', '--allow-dirty'], {
      cwd: crate('corp-secret', '1.0.0', ''),
    });
    const { stdout } = await cargoSucceeds(['search', '--registry', 'meridian', 'corp']);
    expect(stdout).toContain('inner = "1.0.0"');
    expect(stdout).not.toContain('9.9.9');
    expect((await get('api/v1/crates?q=corp', shown())).text).toContain('about corp-secret');
    expect((await get('api/v1/crates?q=corp')).text).not.toContain('corp-secret');
  }, 30_000);

  test('is told who may publish a crate, and where that is changed', async () => {
    await cargoSucceeds(['publish', '--registry', 'meridian', '--no-verify', '--allow-dirty'], {
      cwd: crate('pub-owned', '1.0.0', ''),
    });
    const listed = await cargoSucceeds(['owner', '--list', '--registry', 'meridian', 'pub-owned']);
    expect(listed.stdout).toContain('alice');
    const added = await runCargo(['owner', '--add', 'bob', '--registry', 'meridian', 'pub-owned']);
    expect([added.code === 0, added.output]).toEqual([false, expect.stringContaining('meridian grant')]);
  }, 30_000);

  test('shows its token where a route is closed, and is told where to log in when it has none', async () => {
    const cwd = program('closed', 'inner');
    await cargoSucceeds(['add', 'inner'], { cwd, route: 'closed' });
    expect((await cargoSucceeds(['run', '--quiet'], { cwd, route: 'closed' })).stdout).toBe('inner\n');
    const nobody = await runCargo(['fetch'], { cwd, route: 'closed', home: 'nobody', hasToken: false });
    expect([nobody.code === 0, nobody.output]).toEqual([false, expect.stringContaining('cargo login')]);
    const { status, headers } = await get('config.json', { route: 'closed' });
    expect([status, headers.get('www-authenticate')]).toEqual([
      401,
      `Cargo login_url="${base('near', 'closed')}/me"`,
    ]);
  }, 30_000);

  test('takes the newest version that the policy lets through', async () => {
    const cwd = program('aged', 'young');
    await cargoSucceeds(['add', 'young'], { cwd, route: 'aged' });
    expect((await cargoSucceeds(['run', '--quiet'], { cwd, route: 'aged' })).stdout).toBe('old\n');
    const young = await get('api/v1/crates/young/1.1.0/download', { route: 'aged' });
    expect([young.status, young.text]).toEqual([
      403,
      expect.stringContaining('young@1.1.0 is refused by the policy'),
    ]);
    expect((await get('api/v1/crates/timeless/1.0.0/download', { route: 'aged' })).status).toBe(403);
    expect((await get('fo/rg/forged', { route: 'aged' })).status).toBe(403);
    expect((await get('api/v1/crates/inner/1.0.0/download', { route: 'aged' })).status).toBe(200);
  }, 30_000);
});

test('why a crate is refused can be asked for', async () => {
  const explain = async (subject: string) => {
    const words = ['policy', 'explain', subject, '--json', '--config', network.configFile];
    return JSON.parse((await runMeridian(words, { cwd: network.dir })).stdout);
  };
  expect(await explain('aged:young@1.1.0')).toHaveProperty('verdict', 'refused');
  expect(await explain('aged:young@1.0.0')).toHaveProperty('verdict', 'allowed');
  expect(await explain('aged:young@9.9.9')).toHaveProperty('verdict', 'unknown');
}, 30_000);

describe.skipIf(!canRun)('meridian setup', () => {
  test('points cargo at the route, and takes that back', async () => {
    const home = join(folder.path, 'set-up');
    const env = { HOME: home, PATH: process.env.PATH ?? '' };
    const setup = (...words: string[]) =>
      runMeridian(['setup', 'cargo', ...words], { cwd: network.dir, env });
    mkdirSync(join(home, '.cargo'), { recursive: true });
    const mine = '[net]\nretry = 0\n';
    writeFileSync(join(home, '.cargo', 'config.toml'), mine);
    const written = await setup('--write', '--url', network.url('near'), '--route', 'aged');
    expect([written.code, written.stderr]).toEqual([0, '']);
    const rustup = process.env.RUSTUP_HOME ?? rustupHome;
    const cwd = program('set-up-program', 'inner');
    const added = Bun.spawnSync(['cargo', 'add', 'inner'], { cwd, env: { ...env, RUSTUP_HOME: rustup } });
    expect([added.exitCode, added.stderr.toString()]).toEqual([
      0,
      expect.stringContaining('Adding inner v1.0.0'),
    ]);
    expect((await setup('--undo')).code).toBe(0);
    expect(await Bun.file(join(home, '.cargo', 'config.toml')).text()).toBe(mine);
  }, 30_000);
});

test.skipIf(!canRun)(
  'the one command that pages show adds a crate, on a machine that is not set up',
  async () => {
    const home = join(folder.path, 'not-set-up');
    mkdirSync(home);
    const [{ install } = { install: undefined }] = guides({ route: 'aged', url: base('near', 'aged') });
    const command = install?.replace('{package}', 'inner@1.0.0') ?? 'false';
    const env = {
      HOME: home,
      PATH: process.env.PATH ?? '',
      RUSTUP_HOME: process.env.RUSTUP_HOME ?? rustupHome,
    };
    const ran = Bun.spawnSync(['sh', '-c', command], { cwd: program('one-command', 'inner'), env });
    expect([ran.exitCode, ran.stderr.toString()]).toEqual([
      0,
      expect.stringContaining('Adding inner v1.0.0'),
    ]);
  },
);
