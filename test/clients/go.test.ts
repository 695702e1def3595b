/**
 * The go command through a PoP, a shield and an origin, with a signed checksum database behind the upstream; and modules that live in the
 * network.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { go } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { type GoProxy, greet, moduleZip, startGoProxy } from '../support/go-proxy.ts';
import { runMeridian, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { within } from '../support/wait.ts';

const canRun = available('go', Bun.which('go') === null ? 'it is not installed' : null);
const folder = temporary('go');
let upstream: GoProxy;
let network: TestNetwork;
let token: string;

beforeAll(async () => {
  upstream = await startGoProxy();
  await upstream.add('example.com/Greet', 'v1.0.0', greet('example.com/Greet', 'hello'));
  await upstream.add('example.com/Greet', 'v1.1.0', greet('example.com/Greet', 'hello again'));
  await upstream.add('example.com/young', 'v1.0.0', greet('example.com/young', 'old'));
  await upstream.add('example.com/young', 'v1.1.0', greet('example.com/young', 'young'), {
    time: new Date(),
  });
  // A name that lives here, by somebody else.
  await upstream.add('corp.example.com/secret', 'v9.9.9', greet('corp.example.com/secret', 'stolen'));
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      go({
        ...{ upstreams: [{ url: upstream.url }], sumdb: upstream.database.name },
        hosted: { names: ['corp.example.com/*'], public: ['corp.example.com/*'], maxFileBytes: '10 MiB' },
        policy: {
          releaseAge: { minimumS: '1d', exempt: [], withoutTime: 'refuse' },
          blocked: ['example.com/bad'],
        },
      }),
    ],
  });
  const right = {
    actions: ['read', 'publish', 'delete'],
    routes: ['go'],
    subjects: ['corp.example.com/*'],
  } as const;
  ({ token } = await tokenFor(network.node('origin'), 'alice', [right]));
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
  // The go command makes what it unpacks read-only.
  Bun.spawnSync(['chmod', '-R', 'u+w', folder.path]);
  folder[Symbol.dispose]();
});

const at = (path: string, pop = 'near') => `${network.url(pop)}/go/${path}`;
const get = async (path: string, pop = 'near') => {
  const response = await fetch(at(path, pop));
  return { status: response.status, text: await response.text() };
};

/** A machine of its own: `key`: the home, with all that go has fetched. */
async function runGo(
  args: readonly string[],
  { home = 'home', pop = 'near', cwd = folder.path, env = {} } = {},
) {
  const own = join(folder.path, home);
  mkdirSync(own, { recursive: true });
  const child = Bun.spawn(['go', ...args], {
    cwd,
    env: {
      ...{
        PATH: process.env.PATH ?? '',
        HOME: own,
        GOPATH: join(own, 'go'),
        GOCACHE: join(folder.path, 'gocache'),
      },
      ...{
        GOPROXY: at('', pop).replace(/\/$/, ''),
        GOSUMDB: upstream.database.key,
        GONOSUMDB: 'corp.example.com',
      },
      ...{ GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local', GOVCS: '*:off', ...env },
    },
    ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
  });
  const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [code, stdout, stderr] = await within(60_000, `go ${args.join(' ')}`, all);
  return { code, output: stdout + stderr };
}

async function goSucceeds(...args: Parameters<typeof runGo>): Promise<string> {
  const { code, output } = await runGo(...args);
  if (code !== 0) throw new Error(`go ${args[0].join(' ')} ended with ${code}:\n${output}`);
  return output;
}

function program(name: string, module: string): string {
  const cwd = join(folder.path, name);
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'go.mod'), 'module example.com/program\n\ngo 1.19\n');
  const as = module.split('/').at(-1)?.toLowerCase();
  writeFileSync(
    join(cwd, 'main.go'),
    `package main\n\nimport "${module}"\n\nfunc main() { println(${as}.Say()) }\n`,
  );
  return cwd;
}

describe.skipIf(!canRun)('the go command', () => {
  test('gets, proves and builds modules: cold, warm from the cache, and with the upstream down', async () => {
    const cwd = program('cold', 'example.com/Greet');
    await goSucceeds(['get', 'example.com/Greet@latest'], { cwd });
    expect(await goSucceeds(['run', '.'], { cwd })).toBe('hello again\n');
    expect(await Bun.file(join(cwd, 'go.sum')).text()).toContain('example.com/Greet v1.1.0 h1:');

    upstream.forget();
    const warm = program('warm', 'example.com/Greet');
    await goSucceeds(['get', 'example.com/Greet@latest'], { cwd: warm, home: 'second' });
    expect(upstream.requests().map(({ target }) => target)).toEqual([]);

    await upstream.off();
    try {
      const down = program('down', 'example.com/Greet');
      await goSucceeds(['get', 'example.com/Greet@v1.1.0'], { cwd: down, home: 'third', pop: 'far' });
      expect(await goSucceeds(['run', '.'], { cwd: down, home: 'third', pop: 'far' })).toBe('hello again\n');
    } finally {
      await upstream.on();
    }
  }, 60_000);

  test('asks the next proxy for what there is not, and stops at what is refused', async () => {
    const list = `${at('')},${upstream.url}`.replace('/,', ',');
    upstream.forget();
    const missing = await runGo(['list', '-m', 'example.com/nothing@v1.0.0'], { env: { GOPROXY: list } });
    expect([missing.code === 0, missing.output]).toEqual([false, expect.stringContaining('404')]);
    // By Meridian, and by the go command itself.
    expect(upstream.count('/example.com/nothing/@v/v1.0.0.info')).toBe(2);
    const young = await runGo(['list', '-m', 'example.com/young@v1.1.0'], { env: { GOPROXY: list } });
    expect([young.code === 0, young.output]).toEqual([false, expect.stringContaining('403')]);
  }, 30_000);

  test('takes the newest version that the policy lets through', async () => {
    const output = await goSucceeds(['list', '-m', 'example.com/young@latest']);
    expect(output).toBe('example.com/young v1.0.0\n');
    // Nobody has wanted it: of all that was looked up for a list, nothing is fetched ahead.
    expect(upstream.count('/example.com/young/@v/v1.0.0.zip')).toBe(0);
    expect(await get('example.com/young/@v/list')).toEqual({ status: 200, text: 'v1.0.0\n' });
    expect((await get('example.com/young/@latest')).text).toContain('v1.0.0');
    const refused = await get('example.com/young/@v/v1.1.0.zip');
    expect([refused.status, refused.text]).toEqual([
      403,
      expect.stringContaining('example.com/young@v1.1.0 is refused by the policy'),
    ]);
  }, 30_000);

  test('is refused for reasons that can be asked for', async () => {
    const explain = async (subject: string) => {
      const words = ['policy', 'explain', subject, '--json', '--config', network.configFile];
      return JSON.parse((await runMeridian(words, { cwd: network.dir })).stdout);
    };
    expect(await explain('go:example.com/young@v1.1.0')).toHaveProperty('verdict', 'refused');
    expect(await explain('go:example.com/young@v1.0.0')).toHaveProperty('verdict', 'allowed');
    for (const none of ['v9.9.9', 'main']) {
      expect(await explain(`go:example.com/young@${none}`)).toHaveProperty('verdict', 'unknown');
    }
  }, 30_000);

  test('uses modules that live here, made of their zip, without a word to the upstream', async () => {
    const module = 'corp.example.com/secret';
    const { bytes, hash } = await moduleZip(`${module}@v1.0.0/`, greet(module, 'ours'));
    const answer = await put(`${module}/@v/v1.0.0.zip`, bytes);
    expect(answer).toEqual({ status: 201, text: `${module}@v1.0.0 ${hash}\n` });
    upstream.forget();
    const cwd = program('hosted', module);
    await goSucceeds(['get', `${module}@latest`], { cwd, pop: 'far' });
    expect(await goSucceeds(['run', '.'], { cwd, pop: 'far' })).toBe('ours\n');
    expect(await Bun.file(join(cwd, 'go.sum')).text()).toContain(`${module} v1.0.0 ${hash}`);
    expect(upstream.requests().filter(({ target }) => target.includes('secret'))).toEqual([]);
  }, 30_000);

  test('uses modules that were made of a repository, as it would have made them itself', async () => {
    const module = 'corp.example.com/made';
    const cwd = join(folder.path, 'repository');
    const files: Record<string, string> = {
      ...greet(module, 'of a repository'),
      ...{
        'vendor/x.y/z/z.go': 'package z\n',
        'other/go.mod': 'module x.y/other\n',
        'other/o.go': 'package other\n',
      },
    };
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(cwd, name)), { recursive: true });
      writeFileSync(join(cwd, name), content);
    }
    const git = (...args: string[]) =>
      Bun.spawnSync(['git', '-c', 'user.name=a', '-c', 'user.email=a@example.com', '-C', cwd, ...args])
        .stdout;
    git('init', '--quiet');
    Bun.spawnSync(['ln', '-s', 'greet.go', join(cwd, 'link.go')]);
    git('add', '-A');
    git('commit', '--quiet', '-m', 'first');
    const archive = git('archive', '--format=zip', 'HEAD');
    const { hash } = await moduleZip(`${module}@v1.2.0/`, greet(module, 'of a repository'));
    expect(await put(`${module}/@v/v1.2.0.source`, archive)).toEqual({
      status: 201,
      text: `${module}@v1.2.0 ${hash}\n`,
    });
    // The same again is done already; another one is refused.
    expect((await put(`${module}/@v/v1.2.0.source`, archive)).status).toBe(200);
    const other = await moduleZip(`${module}@v1.2.0/`, greet(module, 'another'));
    expect((await put(`${module}/@v/v1.2.0.zip`, other.bytes)).status).toBe(409);
    const user = program('made', module);
    await goSucceeds(['get', `${module}@v1.2.0`], { cwd: user });
    expect(await goSucceeds(['run', '.'], { cwd: user })).toBe('of a repository\n');
  }, 30_000);
});

async function put(path: string, body: Uint8Array, headers: Record<string, string> = bearer(token)) {
  const response = await fetch(at(path), { method: 'PUT', body: Buffer.from(body), headers });
  return { status: response.status, text: await response.text() };
}

describe.skipIf(!canRun)('meridian setup', () => {
  test('points go at the route, and takes that back', async () => {
    const home = join(folder.path, 'set-up');
    const env = { HOME: home, XDG_CONFIG_HOME: '', PATH: process.env.PATH ?? '' };
    const setup = (...words: string[]) => runMeridian(['setup', 'go', ...words], { cwd: network.dir, env });
    mkdirSync(home);
    const written = await setup('--write', '--url', network.url('near'), '--route', 'go');
    expect([written.code, written.stderr]).toEqual([0, '']);
    const proxy = () => Bun.spawnSync(['go', 'env', 'GOPROXY'], { env, cwd: home }).stdout.toString().trim();
    expect(proxy()).toBe(`${network.url('near')}/go`);
    expect((await setup('--undo')).code).toBe(0);
    expect(proxy()).not.toContain(network.url('near'));
  }, 30_000);
});
