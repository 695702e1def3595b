/** Files through PoPs, a shield and an origin: pulled from an upstream, and put here, with curl and with fetch. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { fileTree } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const folder = temporary('files');
const disk = Buffer.alloc(3_000_000, 'disk');
const hex = (bytes: Uint8Array) => new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
/** What the upstream's list of check sums says of `v1/broken.iso` is of other bytes. */
const sums = `${hex(disk)}  disk.iso\n${hex(Buffer.from('other'))}  broken.iso\n`;
let notes = { body: 'one\n', etag: '"1"' };
let upstream: Upstream;
let network: TestNetwork;
let token: string;

beforeAll(async () => {
  upstream = await startUpstream(({ path, headers }) => {
    if (path === '/tree/v1/SHA256SUMS') return { body: sums };
    if (path === '/tree/v1/disk.iso') return { body: disk };
    if (path === '/tree/v1/disk-2.iso') return { body: disk };
    if (path === '/tree/huge/SHA256SUMS') return { body: Buffer.alloc(5 * 2 ** 20, sums) };
    if (path === '/tree/short/notes.txt')
      return { body: 'for a moment', headers: { 'cache-control': 'max-age=0' } };
    if (path === '/tree/v1/broken.iso') return { body: 'not what the list says' };
    if (path === '/tree/v1/unlisted.iso') return { body: 'nobody says anything of this' };
    if (path === '/tree/a%20b/notes.txt')
      return headers.get('if-none-match') === notes.etag
        ? { status: 304, headers: { etag: notes.etag } }
        : { body: notes.body, headers: { etag: notes.etag } };
    if (path === '/tree/v1/')
      return { body: '<a href="disk.iso">disk.iso</a>', headers: { 'content-type': 'text/html' } };
    // Of what lives here, with other bytes.
    return path.startsWith('/tree/ours/') ? { body: 'from somebody else' } : { status: 404 };
  });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      fileTree({
        ...{ upstreams: [{ url: `${upstream.url}/tree` }], sums: ['SHA256SUMS'], immutable: ['v*'] },
        hosted: {
          names: ['ours/*', 'open/*', 'mixed/ours-*'],
          public: ['open/*'],
          quota: { packageBytes: '2 MiB' },
        },
        metadata: { freshS: 0, staleWhileRevalidateS: 0 },
      }),
    ],
  });
  const actions = ['read', 'publish', 'delete'] as const;
  const right = { actions, routes: ['files'], subjects: ['ours/*', 'open/*', 'mixed/*'] };
  ({ token } = await tokenFor(network.node('origin'), 'alice', [right]));
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
  folder[Symbol.dispose]();
});

const at = (path: string, pop = 'near') => `${network.url(pop)}/files/${path}`;

async function bytesAt(path: string, pop = 'near', headers: Record<string, string> = {}) {
  const response = await fetch(at(path, pop), { headers });
  return { response, status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
}

async function put(path: string, body: string | Uint8Array, headers: Record<string, string> = bearer(token)) {
  const response = await fetch(at(path), { method: 'PUT', body: Buffer.from(body), headers });
  return { status: response.status, text: await response.text(), etag: response.headers.get('etag') };
}

describe('of an upstream', () => {
  test('a file comes once for the whole network, compared with the list of check sums beside it', async () => {
    for (const pop of ['near', 'far', 'near']) {
      const { status, bytes } = await bytesAt('v1/disk.iso', pop);
      expect([status, hex(bytes)]).toEqual([200, hex(disk)]);
    }
    expect(upstream.count('/tree/v1/disk.iso')).toBe(1);
    const { status, bytes } = await bytesAt('v1/disk.iso', 'near', { range: 'bytes=4-7' });
    expect([status, bytes.toString()]).toEqual([206, 'disk']);
  });

  test('what is another than its check sum says is given to nobody', async () => {
    for (let times = 0; times < 2; times++) {
      const { status, bytes } = await bytesAt('v1/broken.iso').catch(() => ({
        status: 0,
        bytes: Buffer.alloc(0),
      }));
      expect([status === 200, bytes.includes('not what')]).toEqual([false, false]);
    }
    // Remembered for a moment, so that a crowd does not ask for it again and again.
    expect(upstream.count('/tree/v1/broken.iso')).toBe(1);
  });

  test('what changes is confirmed when it is wanted, and served when the upstream is away', async () => {
    expect((await bytesAt('a%20b/notes.txt')).bytes.toString()).toBe('one\n');
    expect((await bytesAt('%61%20b/notes.txt')).bytes.toString()).toBe('one\n');
    notes = { body: 'two\n', etag: '"2"' };
    expect((await bytesAt('a%20b/notes.txt')).bytes.toString()).toBe('two\n');
    await upstream.off();
    const { status, bytes, response } = await bytesAt('a%20b/notes.txt');
    expect([status, bytes.toString()]).toEqual([200, 'two\n']);
    expect(response.headers.get('cache-status')).toContain('near');
    expect((await bytesAt('v1/disk.iso', 'far')).status).toBe(200);
    await upstream.on();
  });

  test('what is cut off, and what has a list that is too long, is given to nobody, and kept nowhere', async () => {
    upstream.fault({ as: 'cut', afterBytes: 1_000_000 }, ({ path }) => path === '/tree/v1/disk-2.iso');
    const cut = await bytesAt('v1/disk-2.iso').catch(() => ({ status: 0, bytes: Buffer.alloc(0) }));
    expect([cut.status === 200, cut.bytes.length < disk.length]).toEqual([false, true]);
    upstream.fault(null);
    expect((await bytesAt('v1/disk-2.iso')).bytes.length).toBe(disk.length);
    expect((await bytesAt('huge/disk.iso')).status).toBeGreaterThanOrEqual(500);
    expect(upstream.count('/tree/huge/disk.iso')).toBe(0);
  });

  test('what changes is kept no longer than it says', async () => {
    const { response } = await bytesAt('short/notes.txt');
    expect(response.headers.get('cache-control')).toContain('max-age=0');
  });

  test('its folders are what it says of them', async () => {
    expect((await bytesAt('v1/')).bytes.toString()).toContain('disk.iso');
    expect((await bytesAt('v2/')).status).toBe(404);
  });

  test('curl fetches a file, and goes on where it broke off', async () => {
    const file = join(folder.path, 'disk.iso');
    await Bun.write(file, disk.subarray(0, 1_000_000));
    const curl = Bun.spawn(['curl', '-sf', '-C', '-', '-o', file, at('v1/disk.iso')]);
    expect(await curl.exited).toBe(0);
    expect(hex(await Bun.file(file).bytes())).toBe(hex(disk));
  });
});

describe('of what lives here', () => {
  test('a file that is put can be had at every PoP at once, and replaced, and taken away', async () => {
    expect((await bytesAt('open/tool.bin', 'far')).status).toBe(404);
    const first = await put('open/tool.bin', 'first');
    expect(first).toMatchObject({ status: 201, text: `sha256:${hex(Buffer.from('first'))}\n` });
    const there = await bytesAt('open/tool.bin', 'far');
    expect([there.bytes.toString(), there.response.headers.get('etag')]).toEqual(['first', first.etag]);
    expect(await put('open/tool.bin', 'second')).toMatchObject({ status: 200 });
    expect((await bytesAt('open/tool.bin', 'far')).bytes.toString()).toBe('second');
    const gone = await fetch(at('open/tool.bin'), { method: 'DELETE', headers: bearer(token) });
    expect(gone.status).toBe(204);
    expect((await bytesAt('open/tool.bin', 'far')).status).toBe(404);
    expect(await put('open/tool.bin', 'third')).toMatchObject({ status: 201 });
    expect((await bytesAt('open/tool.bin', 'far')).bytes.toString()).toBe('third');
  });

  test('its check sums can be had beside it', async () => {
    await put('open/sum.bin', 'one');
    expect((await bytesAt('open/sum.bin.sha256')).bytes.toString()).toBe(
      `${hex(Buffer.from('one'))}  sum.bin\n`,
    );
    await put('open/sum.bin', 'two');
    expect((await bytesAt('open/sum.bin.sha256')).bytes.toString()).toBe(
      `${hex(Buffer.from('two'))}  sum.bin\n`,
    );
    expect((await bytesAt('open/none.bin.sha256')).status).toBe(404);
  });

  test('folders list what is in them, for people and for programs', async () => {
    await put('open/deep/er/one.txt', '1');
    await put('open/deep/two.txt', '22');
    const json = await fetch(at('open/deep/', 'far'), { headers: { accept: 'application/json' } });
    expect(await json.json()).toEqual([
      { name: 'er', type: 'directory' },
      { name: 'two.txt', type: 'file', size: 2, mtime: expect.any(String) },
    ]);
    expect(await (await fetch(at('open/deep/', 'far'))).text()).toContain('<a href="er/">er/</a>');
    await put('open/deep/three.txt', '3');
    const again = await fetch(at('open/deep/', 'far'), { headers: { accept: 'application/json' } });
    expect(await again.json()).toHaveLength(3);
  });

  test('what only some may read is told to nobody else, and never asked for elsewhere', async () => {
    expect(await put('ours/secret.txt', 'ours')).toMatchObject({ status: 201 });
    expect((await bytesAt('ours/secret.txt')).status).toBe(401);
    expect((await bytesAt('ours/missing.txt')).status).toBe(401);
    expect((await bytesAt('ours/')).status).toBe(401);
    expect((await bytesAt('ours/secret.txt', 'far', bearer(token))).bytes.toString()).toBe('ours');
    expect((await bytesAt('ours/missing.txt', 'far', bearer(token))).status).toBe(404);
    expect(upstream.requests().filter(({ path }) => path.startsWith('/tree/ours/'))).toEqual([]);
  });

  test('who has seen another file does not replace it', async () => {
    await put('open/once.txt', 'one');
    expect(await put('open/once.txt', 'two', { ...bearer(token), 'if-none-match': '*' })).toMatchObject({
      status: 412,
    });
    expect(await put('open/once.txt', 'two', { ...bearer(token), 'if-match': '"x"' })).toMatchObject({
      status: 412,
    });
    const { bytes, response } = await bytesAt('open/once.txt');
    expect(bytes.toString()).toBe('one');
    const seen = { ...bearer(token), 'if-match': response.headers.get('etag') ?? '' };
    expect(await put('open/once.txt', 'two', seen)).toMatchObject({ status: 200 });
    expect(await put('open/once.txt', 'three', seen)).toMatchObject({ status: 412 });
    expect((await bytesAt('open/once.txt')).bytes.toString()).toBe('two');
  });

  test('who has seen the file that is there replaces it, by the tag that he read or was told', async () => {
    const told = (await put('open/seen.txt', 'one')).etag ?? '';
    const read = (await bytesAt('open/seen.txt', 'far')).response.headers.get('etag');
    expect(told).toBe(read ?? 'none');
    expect(await put('open/seen.txt', 'two', { ...bearer(token), 'if-match': told })).toMatchObject({
      status: 200,
    });
    expect(await put('open/seen.txt', 'three', { ...bearer(token), 'if-match': told })).toMatchObject({
      status: 412,
    });
    expect((await bytesAt('open/seen.txt', 'far')).bytes.toString()).toBe('two');
  });

  test('of many who put a new file at once, one does', async () => {
    const all = Array.from({ length: 12 }, (_, nth) =>
      put('open/race.txt', `from ${nth}`, { ...bearer(token), 'if-none-match': '*' }),
    );
    const statuses = (await Promise.all(all)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([201, ...Array.from({ length: 11 }, () => 412)]);
    const { bytes } = await bytesAt('open/race.txt', 'far');
    expect(bytes.toString()).toBe(`from ${statuses.indexOf(201)}`);
  });
});

describe('bad input gets a clear error, and nothing is kept', () => {
  const sha1 = new Bun.CryptoHasher('sha1').update('bytes').digest('hex');
  const cases: readonly (readonly [string, string, Record<string, string>, number])[] = [
    ['a wrong check sum', 'open/bad.bin', { 'x-checksum-sha256': hex(Buffer.from('other')) }, 400],
    ['a check sum that is none', 'open/bad.bin', { 'x-checksum-sha1': 'zz' }, 400],
    [
      'one right and one wrong check sum',
      'open/bad.bin',
      { 'x-checksum-sha1': sha1, 'x-checksum-md5': '0'.repeat(32) },
      400,
    ],
    ['a part of a file', 'open/bad.bin', { 'content-range': 'bytes 0-4/10' }, 400],
    ['a coding', 'open/bad.bin', { 'content-encoding': 'gzip' }, 415],
    ['a folder', 'open/bad/', {}, 400],
    ['a path out of the tree', 'open/..%2fbad.bin', {}, 400],
    ['a hidden slash', 'open/a%2fb.bin', {}, 400],
    ['a line break', 'open/a%0ab.bin', {}, 400],
    ['no UTF-8', 'open/%ff.bin', {}, 400],
    ['a path that is too long', `open/${'a'.repeat(700)}`, {}, 400],
    ['what does not live here', 'v1/disk.iso', {}, 403],
  ];
  for (const [what, path, headers, status] of cases) {
    test(what, async () => {
      const done = await put(path, 'bytes', { ...bearer(token), ...headers });
      expect([done.status, done.text.length > 10]).toEqual([status, true]);
    });
  }

  test('more than the quota', async () => {
    expect((await put('open/bad.bin', Buffer.alloc(3 * 2 ** 20))).status).toBe(403);
  });

  test('and of all that, there is nothing', async () => {
    expect((await bytesAt('open/bad.bin')).status).toBe(404);
    expect((await put('open/anybody.bin', 'bytes', {})).status).toBe(401);
    expect((await bytesAt('open/anybody.bin')).status).toBe(404);
  });
});
