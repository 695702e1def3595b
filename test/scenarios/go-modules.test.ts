/** Modules on the wire: what is wrong with them is told, and kept nowhere; and modules that come to live in the network. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { go } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { type GoProxy, greet, moduleZip, startGoProxy } from '../support/go-proxy.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';

let upstream: GoProxy;
let network: TestNetwork;
let token: string;

beforeAll(async () => {
  upstream = await startGoProxy();
  await upstream.add('example.com/unsummed', 'v1.0.0', greet('example.com/unsummed', 'x'), {
    isUnknown: true,
  });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      // What an upstream has is changed under its clients: nothing is to have come before that.
      near: { role: 'pop', parents: ['origin'], predict: false },
      far: { role: 'pop', parents: ['origin'], predict: false },
    },
    routes: [
      go({
        ...{ upstreams: [{ url: upstream.url }], sumdb: upstream.database.name },
        hosted: { names: ['corp.example.com/*'], public: ['corp.example.com/*'], maxFileBytes: '10 MiB' },
      }),
    ],
  });
  const actions = ['read', 'publish', 'delete'] as const;
  const right = { actions, routes: ['go'], subjects: ['corp.example.com/*'] };
  ({ token } = await tokenFor(network.node('origin'), 'alice', [right]));
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
});

const at = (path: string, pop = 'near') => `${network.url(pop)}/go/${path}`;
const get = async (path: string, pop = 'near') => {
  const response = await fetch(at(path, pop));
  return { status: response.status, text: await response.text() };
};

async function put(path: string, body: Uint8Array, headers: Record<string, string> = bearer(token)) {
  const response = await fetch(at(path), { method: 'PUT', body: Buffer.from(body), headers });
  return { status: response.status, text: await response.text() };
}

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

  test('a module is given to nobody while the checksum database cannot be asked about it', async () => {
    const module = 'example.com/unasked';
    await upstream.add(module, 'v1.0.0', greet(module, 'x'));
    upstream.fault({ as: 'status', status: 500 }, ({ path }) => path.includes('/lookup/'));
    try {
      const { status, text } = await get(`${module}/@v/v1.0.0.zip`);
      expect([status, text]).toEqual([502, expect.stringContaining('checksum database cannot be asked')]);
    } finally {
      upstream.fault(null);
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
