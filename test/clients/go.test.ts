/**
 * The go command through a PoP, a shield and an origin, with a signed checksum database behind the upstream; and modules that live in the
 * network.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { go } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { type GoProxy, moduleZip, startGoProxy } from '../support/go-proxy.ts';
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
  await upstream.add('example.com/unsummed', 'v1.0.0', greet('example.com/unsummed', 'x'), {
    isUnknown: true,
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

function greet(module: string, says: string): Record<string, string> {
  const name = module.split('/').at(-1)?.toLowerCase();
  return {
    'go.mod': `module ${module}\n\ngo 1.19\n`,
    'greet.go': `package ${name}\n\nfunc Say() string { return "${says}" }\n`,
    LICENSE: 'as you like\n',
  };
}

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

describe('of an upstream', () => {
  test('a module that is not what the checksum database says reaches nobody', async () => {
    const module = 'example.com/forged';
    await upstream.add(module, 'v1.0.0', greet(module, 'true'));
    const { bytes: forged } = await moduleZip(`${module}@v1.0.0/`, greet(module, 'false'));
    upstream.replace(`/${module}/@v/v1.0.0.zip`, forged);
    upstream.replace(`/${module}/@v/v1.0.0.mod`, `module ${module}\n\ngo 1.18\n`);
    for (const file of ['zip', 'mod']) {
      const { status, text } = await get(`${module}/@v/v1.0.0.${file}`);
      expect([status, text]).toEqual([502, expect.stringContaining('but the checksum database says h1:')]);
    }
  });

  test('a module without a sum is what it was when it was first seen', async () => {
    const module = 'example.com/unsummed';
    expect((await get(`${module}/@v/v1.0.0.zip`)).status).toBe(200);
    const targets = [{ by: 'tag', tag: `go:${module}` }];
    await network.node('origin').api('POST', '/purges', { targets, soft: false });
    const { bytes } = await moduleZip(`${module}@v1.0.0/`, greet(module, 'another'));
    upstream.replace(`/${module}/@v/v1.0.0.zip`, bytes);
    const { status, text } = await get(`${module}/@v/v1.0.0.zip`);
    expect([status, text]).toEqual([502, expect.stringContaining('when it was first seen here')]);
  });

  test('what is no archive of a module is refused, and nothing of it is kept', async () => {
    const module = 'example.com/broken';
    const prefix = `${module}@v1.0.0/`;
    const zip = (files: Record<string, string>, top = prefix) =>
      moduleZip(top, files).then(({ bytes }) => bytes);
    const good = await zip(greet(module, 'good'));
    await upstream.add(module, 'v1.0.0', greet(module, 'good'), { isUnknown: true });
    const wrong: readonly (readonly [string, Uint8Array | string])[] = [
      ['cannot be read', '<html></html>'],
      ['cannot be read', good.subarray(0, -30)],
      ['is not below', await zip(greet(module, 'x'), 'example.com/other@v1.0.0/')],
      ['are the same', await zip({ ...greet(module, 'x'), a: '', A: '' })],
      ['cannot be read', await zip({ '../../../etc/passwd': 'x' })],
      ['one go.mod', await zip({ ...greet(module, 'x'), 'sub/go.mod': '' })],
    ];
    for (const [words, body] of wrong) {
      upstream.replace(`/${module}/@v/v1.0.0.zip`, body);
      const { status, text } = await get(`${module}/@v/v1.0.0.zip`);
      expect([words, status, text]).toEqual([words, 502, expect.stringContaining(words)]);
    }
    upstream.replace(`/${module}/@v/v1.0.0.zip`, good);
    expect((await get(`${module}/@v/v1.0.0.zip`)).status).toBe(200);
  });

  test('what is too long, broken off, or no answer to the question is refused', async () => {
    const module = 'example.com/odd';
    const info = (more: object) =>
      JSON.stringify({ Version: 'v1.0.0', Time: '2020-01-01T00:00:00Z', ...more });
    await upstream.add(module, 'v1.0.0', greet(module, 'odd'));
    const record = `/sumdb/${upstream.database.name}/lookup/${module}@v1.0.1`;
    const wrong: readonly (readonly [string, string])[] = [
      [`/${module}/@v/v1.0.0.info`, info({ Origin: 'x'.repeat(300_000) })],
      [`/${module}/@v/v1.0.0.info`, info({ Version: 'v1.0.1' })],
      [`/${module}/@v/v1.0.0.info`, '<html></html>'],
      [`/${module}/@v/v1.0.0.info`, 'null'],
      [`/${module}/@v/v1.0.0.mod`, `// ${'x'.repeat(17 * 2 ** 20)}`],
    ];
    for (const [path, body] of wrong) {
      upstream.replace(path, body);
      const { status, text } = await get(path.slice(1));
      expect([path, status, text.length < 1_000]).toEqual([path, 502, true]);
    }
    expect((await get(record.slice(1))).status).toBe(404);
    upstream.replace(`/${module}/@v/v1.0.0.info`, info({}));
    upstream.fault({ as: 'cut', afterBytes: 100 }, ({ path }) => path.endsWith('.zip'));
    try {
      expect((await get(`${module}/@v/v1.0.0.zip`)).status).toBe(502);
    } finally {
      upstream.fault(null);
    }
  });

  test('a version is asked about when it may come to mean another one, and only then', async () => {
    const info = { Version: 'v1.1.1-0.20200101000000-abcdefabcdef', Time: '2020-01-01T00:00:00Z' };
    upstream.replace('/example.com/!greet/@v/main.info', JSON.stringify(info));
    expect(JSON.parse((await get('example.com/!greet/@v/main.info')).text)).toEqual(info);
    upstream.replace('/example.com/!greet/@v/odd.info', '{"Version":"main"}');
    expect((await get('example.com/!greet/@v/odd.info')).status).toBe(502);
  });

  test('addresses that no go command writes are asked for nowhere', async () => {
    upstream.forget();
    for (const path of [
      'example.com/Greet/@v/list',
      'example.com/%2e%2e/x/@v/list',
      'example.com/!!x/@v/list',
      'localhost/@v/list',
    ]) {
      expect([path, (await get(path)).status]).toEqual([path, 400]);
    }
    expect(upstream.count()).toBe(0);
  });
});

describe('a module that lives here', () => {
  const module = 'corp.example.com/own';

  test('is taken in whole and valid, or not at all', async () => {
    const prefix = `${module}@v1.0.0/`;
    const zip = (files: Record<string, string>, top = prefix) =>
      moduleZip(top, files).then(({ bytes }) => bytes);
    const files = greet(module, 'ours');
    const wrong: readonly (readonly [string, string, Uint8Array])[] = [
      ['cannot be read', 'v1.0.0.zip', Buffer.from('no zip')],
      ['cannot be read', 'v1.0.0.zip', (await zip(files)).subarray(0, -20)],
      ['is not below', 'v1.0.0.zip', await zip(files, '')],
      [
        'says module corp.example.com/other',
        'v1.0.0.zip',
        await zip({ ...files, 'go.mod': 'module corp.example.com/other\n' }),
      ],
      ['says no module', 'v1.0.0.zip', await zip({ ...files, 'go.mod': 'go 1.19\n' })],
      ['are the same', 'v1.0.0.zip', await zip({ ...files, 'Greet.go': '' })],
      ['cannot have the version v2.0.0', 'v2.0.0.zip', await zip(files, `${module}@v2.0.0/`)],
      ['without a go.mod', 'v2.0.0+incompatible.zip', await zip(files, `${module}@v2.0.0+incompatible/`)],
      ['cannot be read', 'v1.0.0.source', Buffer.from('no zip')],
      ['no files', 'v1.0.0.source', await zip({ 'sub/go.mod': 'x' }, '')],
    ];
    for (const [words, file, body] of wrong) {
      expect([words, await put(`${module}/@v/${file}`, body)]).toEqual([
        words,
        { status: 400, text: expect.stringContaining(words) },
      ]);
    }
    const tooLong = await put(`${module}/@v/v1.0.0.zip`, Buffer.alloc(11 * 2 ** 20));
    expect([tooLong.status, tooLong.text]).toEqual([
      400,
      expect.stringContaining('more than 10485760 bytes'),
    ]);
    expect((await get(`${module}/@v/list`)).status).toBe(404);
  });

  test('is published by whom may, and taken away for good', async () => {
    const { bytes } = await moduleZip(`${module}@v1.0.0/`, greet(module, 'ours'));
    expect((await put(`${module}/@v/v1.0.0.zip`, bytes, {})).status).toBe(401);
    expect((await put('example.com/Greet/@v/v1.0.0.zip', bytes)).status).toBe(400);
    expect((await put('example.com/!greet/@v/v3.0.0.zip', bytes)).status).toBe(403);
    expect((await put(`${module}/@v/v1.0.0.zip`, bytes)).status).toBe(201);
    expect((await get(`${module}/@v/list`, 'far')).text).toBe('v1.0.0\n');
    expect((await get(`${module}/@v/v1.0.0.mod`)).text).toBe(greet(module, '')['go.mod']!);
    const gone = await fetch(at(`${module}/@v/v1.0.0.zip`), { method: 'DELETE', headers: bearer(token) });
    expect(gone.status).toBe(200);
    expect((await get(`${module}/@v/v1.0.0.zip`, 'far')).status).toBe(404);
    expect((await put(`${module}/@v/v1.0.0.zip`, bytes)).status).toBe(409);
  });

  test('is no business of a public checksum database', async () => {
    upstream.forget();
    const { status, text } = await get(`sumdb/${upstream.database.name}/lookup/${module}@v1.0.0`);
    expect([status, text]).toEqual([404, expect.stringContaining('GONOSUMDB')]);
    expect(upstream.count()).toBe(0);
  });
});
