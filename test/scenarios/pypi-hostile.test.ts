/**
 * What is broken or means ill, from upstreams, in addresses and in uploads: a clear error for each, and nothing of it is kept.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { Right } from '../../src/identity.ts';
import { pypi } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import {
  eventually,
  noiseBytes,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { hexOf, type PythonPackage, sdist, tarball, wheel, zip } from '../support/python-package.ts';
import { sendRaw } from '../support/raw-client.ts';
import type { Handler, UpstreamAnswer } from '../support/upstream.ts';

let upstream: Upstream;
let network: TestNetwork;
let answer: Handler = () => ({ status: 404 });
let publisher: string;
let reader: string;

const json = 'application/vnd.pypi.simple.v1+json';
const right = (...actions: Right['actions']): Right => ({ actions, routes: ['pypi'], subjects: ['*'] });

beforeAll(async () => {
  upstream = await startUpstream((request) => answer(request));
  network = await startNetwork({
    nodes: { origin: { role: 'origin', store: {} }, pop: { role: 'pop', parents: ['origin'] } },
    routes: [
      pypi({
        match: { path: '/pypi' },
        upstreams: [{ url: `${upstream.url}/simple` }],
        hosted: { names: ['acme-*'], maxFileBytes: '1 MiB' },
        maxIndexBytes: '256 KiB',
      }),
    ],
  });
  const origin = network.node('origin');
  publisher = (await tokenFor(origin, 'alice', [right('read', 'publish')])).token;
  reader = (await tokenFor(origin, 'bob', [right('read')])).token;
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

beforeEach(() => {
  answer = () => ({ status: 404 });
  upstream.fault(null);
  upstream.forget();
});

let names = 0;
/** Of which nothing is known yet. */
const fresh = () => `pkg${++names}`;
const get = (path: string) => fetch(`${network.url('pop')}/pypi${path}`, { headers: { accept: json } });

function indexOf(made: PythonPackage, changes: object = {}): UpstreamAnswer {
  const file = { filename: made.file, url: `../../files/${made.file}`, hashes: { sha256: made.sha256 } };
  const files = [{ ...file, ...changes }];
  const body = JSON.stringify({ meta: { 'api-version': '1.0' }, name: made.name, files });
  return { headers: { 'content-type': json }, body };
}

const html = (body: string, type = 'text/html'): UpstreamAnswer => ({
  headers: { 'content-type': type },
  body,
});
const jsonText = (body: string): UpstreamAnswer => ({ headers: { 'content-type': json }, body });

describe('an index of an upstream', () => {
  test.each([
    ['is no JSON', jsonText('{"meta":'), 'JSON'],
    ['is another document', jsonText('{"name":"a"}'), 'meta'],
    ['is of a version to come', jsonText('{"meta":{"api-version":"2.0"},"files":[]}'), '2.0'],
    ['is of another type', html('<a href="x">x</a>', 'application/zip'), 'application/zip'],
    ['is of no type', { body: '<a href="x">x</a>' }, 'no type'],
    ['is HTML of a version to come', html('<meta name="pypi:repository-version" content="2.1">'), '2.1'],
    ['is no UTF-8', { headers: { 'content-type': 'text/html' }, body: new Uint8Array([0xff]) }, 'UTF-8'],
    ['nests deeply', jsonText('['.repeat(200_000)), 'JSON'],
    ['is too long', html('<a>'.repeat(100_000)), 'maxIndexBytes'],
  ] as const)('that %s is refused, and asked for again', async (_, says, why) => {
    const name = fresh();
    answer = () => says;
    const refused = await get(`/simple/${name}/`);
    expect(refused.status).toBe(502);
    expect(await refused.text()).toContain(why);
    const made = wheel({ name, version: '1.0' });
    answer = () => indexOf(made);
    expect((await get(`/simple/${name}/`)).status).toBe(200);
  });

  test('that breaks off is refused, and asked for again', async () => {
    const made = wheel({ name: fresh(), version: '1.0' });
    answer = () => indexOf(made);
    upstream.fault({ as: 'cut', afterBytes: 30 });
    expect((await get(`/simple/${made.name}/`)).status).toBe(502);
    upstream.fault(null);
    expect((await get(`/simple/${made.name}/`)).status).toBe(200);
  });

  test('names no file that leads elsewhere', async () => {
    const made = wheel({ name: fresh(), version: '1.0' });
    for (const changes of [
      { filename: `../../${made.file}` },
      { filename: `${made.file}\r\nx-evil: 1` },
      { filename: 'other-1.0-py3-none-any.whl' },
      { url: 'file:///etc/passwd' },
      { url: 'javascript:alert(1)' },
    ]) {
      const name = fresh();
      const own = wheel({ name, version: '1.0' });
      answer = () =>
        indexOf(own, 'url' in changes ? changes : { filename: changes.filename.replaceAll(made.name, name) });
      const page = await (await get(`/simple/${name}/`)).json();
      expect(page).toMatchObject({ files: [] });
    }
  });
});

describe('a file of an upstream', () => {
  /** @returns what is heard of it, twice. */
  async function twice(made: PythonPackage): Promise<readonly string[]> {
    const heard: string[] = [];
    for (let time = 0; time < 2; time++) {
      const body = await get(`/files/${made.name}/${made.file}`)
        .then(async (got) =>
          got.ok ? hexOf(new Uint8Array(await got.arrayBuffer())) : `${got.status} ${await got.text()}`,
        )
        .catch(() => 'broken off');
      heard.push(body);
    }
    return heard;
  }

  const files = () => upstream.requests().filter(({ path }) => path.startsWith('/files/'));
  const serve = (made: PythonPackage, bytes: Uint8Array, changes: object = {}) => {
    answer = ({ path }) => (path.startsWith('/files/') ? { body: bytes } : indexOf(made, changes));
  };

  test('that is not what the index says is given to nobody whole, and kept nowhere', async () => {
    const forged = [100, 300_000].map((sizeBytes) => {
      const made = wheel({ name: fresh(), version: '1.0' });
      return { made, other: noiseBytes(sizeBytes, sizeBytes) };
    });
    for (const { made, other } of forged) {
      serve(made, other);
      expect(await twice(made)).not.toContain(hexOf(other));
    }
    // For some seconds, the origin does not ask again for what was just found wrong.
    for (const { made } of forged) {
      serve(made, made.bytes);
      await eventually('the right bytes', async () =>
        (await twice(made)).every((sha) => sha === made.sha256),
      );
    }
  }, 20_000);

  test('that breaks off is given to nobody whole, and kept nowhere', async () => {
    const made = wheel({ name: fresh(), version: '1.0' });
    serve(made, made.bytes);
    upstream.fault({ as: 'cut', afterBytes: 100 }, ({ path }) => path.startsWith('/files/'));
    expect(await twice(made)).not.toContain(made.sha256);
    upstream.fault(null);
    expect(await twice(made)).toEqual([made.sha256, made.sha256]);
  });

  test('is not asked for with a password that the index has written into its address', async () => {
    const made = wheel({ name: fresh(), version: '1.0' });
    const url = `${upstream.url.replace('://', '://user:secret@')}/files/${made.file}`;
    serve(made, made.bytes, { url });
    for (const heard of await twice(made)) expect(heard).toContain('502');
    expect(files()).toEqual([]);
  });

  test('without a hash that can be compared is not passed on, and not even asked for', async () => {
    for (const hashes of [{}, { md5: 'a'.repeat(32) }, { sha256: 'none' }]) {
      const made = wheel({ name: fresh(), version: '1.0' });
      serve(made, made.bytes, { hashes });
      for (const heard of await twice(made)) expect(heard).toContain(`has no SHA-256 of ${made.file}`);
      expect(files()).toEqual([]);
    }
  });
});

describe('an address', () => {
  test.each([
    '/pypi/simple/../../etc/passwd',
    '/pypi/simple/%2e%2e/',
    '/pypi/simple/..%2f..%2fetc/',
    '/pypi/simple/a%2fb/',
    '/pypi/simple/a%5cb/',
    '/pypi/simple/a%0d%0aset-cookie:%20a=b/',
    '/pypi/simple/a%00/',
    '/pypi/simple/http:%2f%2fevil.example%2f/',
    '/pypi/files/a/..%2f..%2fa-1.0.tar.gz',
    '/pypi/files/a/b-1.0.tar.gz',
    '/pypi/files/a/a-1.0.exe',
    `/pypi/simple/${'a'.repeat(1000)}/`,
    '/pypi/pypi/six/json',
  ])('%s is nothing that an upstream is asked for', async (target) => {
    const port = Number(new URL(network.url('pop')).port);
    const got = await sendRaw(port, `GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
    expect([400, 404]).toContain(got?.status ?? 0);
    expect(upstream.requests()).toEqual([]);
  });
});

describe('an upload', () => {
  const encoder = new TextEncoder();

  function formOf(made: PythonPackage, fields: Record<string, string | null> = {}, files = [made]): FormData {
    const form = new FormData();
    const usual = { ':action': 'file_upload', protocol_version: '1', name: made.name, version: made.version };
    const filetype = made.file.endsWith('.whl') ? 'bdist_wheel' : 'sdist';
    const all = { ...usual, filetype, sha256_digest: made.sha256, ...fields };
    for (const [name, value] of Object.entries(all)) if (value !== null) form.set(name, value);
    for (const { bytes, file } of files) form.append('content', new File([bytes], file));
    return form;
  }

  const post = (
    body: FormData | string,
    token: string | null = publisher,
    headers: Record<string, string> = {},
  ) =>
    fetch(`${network.url('pop')}/pypi/legacy/`, {
      method: 'POST',
      body,
      headers: {
        ...headers,
        ...(token !== null && { authorization: `Basic ${btoa(`__token__:${token}`)}` }),
      },
    });

  /** With other bytes than a wheel would have, under its name. */
  function remade(made: PythonPackage, bytes: Uint8Array<ArrayBuffer>, file = made.file): PythonPackage {
    return { ...made, bytes, file, sha256: hexOf(bytes) };
  }

  const good = () => wheel({ name: `acme-${fresh()}`, version: '1.0' });
  const goodSdist = () => sdist({ name: `acme-${fresh()}`, version: '1.0' });
  const info = ({ name }: PythonPackage) => `${name.replaceAll('-', '_')}-1.0.dist-info`;
  const zeros = new Uint8Array(300_000_000);
  const wheelFiles = (made: PythonPackage) =>
    [
      [`${info(made)}/METADATA`, made.metadata],
      [`${info(made)}/WHEEL`, encoder.encode('Wheel-Version: 1.0\n')],
      [`${info(made)}/RECORD`, encoder.encode('')],
    ] as const;

  const cases: Record<
    string,
    (made: PythonPackage) => readonly [FormData | Promise<FormData>, number, string]
  > = {
    'another SHA-256': (made) => [formOf(made, { sha256_digest: 'a'.repeat(64) }), 400, 'sha256_digest'],
    'another MD5': (made) => [formOf(made, { md5_digest: 'a'.repeat(32) }), 400, 'md5_digest'],
    'another BLAKE2': (made) => [
      formOf(made, { blake2_256_digest: 'a'.repeat(64) }),
      400,
      'blake2_256_digest',
    ],
    'no digest': (made) => [formOf(made, { sha256_digest: null }), 400, 'no digest'],
    'no action': (made) => [formOf(made, { ':action': null }), 400, ':action'],
    'another action': (made) => [formOf(made, { ':action': 'submit' }), 400, 'file_upload'],
    'another file type': (made) => [formOf(made, { filetype: 'sdist' }), 400, 'sdist'],
    'a file type of old': (made) => [formOf(made, { filetype: 'bdist_egg' }), 400, 'filetype'],
    'another name': (made) => [formOf(made, { name: 'acme-other' }), 400, 'acme-other'],
    'a name with line breaks': (made) => [formOf(made, { name: 'acme\r\nx: y' }), 400, 'no name'],
    'another version': (made) => [formOf(made, { version: '1.1' }), 400, '1.1'],
    'a version that is none': (made) => [formOf(made, { version: 'latest' }), 400, 'no version'],
    'no file': (made) => [formOf(made, {}, []), 400, 'no file'],
    'two files': (made) => [formOf(made, {}, [made, made]), 400, 'two files'],
    'a file name that leads elsewhere': (made) => [
      formOf(remade(made, made.bytes, '..\\..\\etc-1.0-py3-none-any.whl.')),
      400,
      'no name of a wheel',
    ],
    'a file of another project': (made) => [
      formOf(made, {}, [{ ...made, file: 'acme_else-1.0-py3-none-any.whl' }]),
      400,
      'acme_else',
    ],
    'a name that does not live here': (made) => {
      const other = wheel({ name: 'requests', version: '1.0' });
      return [formOf({ ...made, ...other }), 403, 'requests does not live here'];
    },
    'metadata of another project': (made) => [
      formOf(wheel({ name: made.name, version: '1.0', metadata: 'Name: acme-evil\nVersion: 1.0\n' })),
      400,
      'acme-evil',
    ],
    'metadata of another version': (made) => [
      formOf(wheel({ name: made.name, version: '1.0', metadata: `Name: ${made.name}\nVersion: 2.0\n` })),
      400,
      '2.0',
    ],
    'metadata without a name': (made) => [
      formOf(wheel({ name: made.name, version: '1.0', metadata: 'Version: 1.0\n' })),
      400,
      'no name',
    ],
    'a wheel that breaks off': (made) => [formOf(remade(made, made.bytes.slice(0, -30))), 400, 'zip'],
    'a wheel that is none': (made) => [formOf(remade(made, noiseBytes(1, 5_000))), 400, 'zip'],
    'a wheel without RECORD': (made) => [
      formOf(remade(made, zip(wheelFiles(made).slice(0, 2)))),
      400,
      'RECORD',
    ],
    'a wheel with two folders of metadata': (made) => [
      formOf(remade(made, zip([...wheelFiles(made), ['evil-1.0.dist-info/METADATA', made.metadata]]))),
      400,
      '2 folders',
    ],
    'a zip bomb': (made) => [
      formOf(remade(made, zip([...wheelFiles(made), ['big', zeros]], { deflate: true }))),
      400,
      'unpacked',
    ],
    'a file that is too long': (made) => [formOf(remade(made, noiseBytes(2, 1_100_000))), 413, 'bytes'],
    'an sdist that breaks off': () => {
      const made = goodSdist();
      return [formOf(remade(made, made.bytes.slice(0, -20))), 400, 'archive'];
    },
    'an sdist without PKG-INFO': () => {
      const made = goodSdist();
      return [formOf(remade(made, tarball([['a/setup.py', encoder.encode('')]]))), 400, 'PKG-INFO'];
    },
    'an sdist with names that lead elsewhere': () => {
      const made = goodSdist();
      return [formOf(remade(made, tarball([['../etc/passwd', encoder.encode('')]]))), 400, 'elsewhere'];
    },
    'an sdist that is a bomb': () => {
      const made = goodSdist();
      return [formOf(remade(made, tarball([['a/big', zeros]]))), 413, 'unpacks'];
    },
    'an sdist of the days before gzip': () => {
      const made = goodSdist();
      return [formOf(remade(made, made.bytes, made.file.replace('.tar.gz', '.zip'))), 400, '.tar.gz'];
    },
  };

  async function keptVersions(): Promise<unknown> {
    const { routes } = (await network.node('origin').api('GET', '/storage')) as { routes?: unknown };
    return routes;
  }

  test.each(Object.entries(cases))('with %s is refused, and leaves nothing', async (_, make) => {
    const before = JSON.stringify(await keptVersions());
    const made = good();
    const [form, status, why] = make(made);
    const refused = await post(await form);
    expect([refused.status, await refused.text()]).toEqual([status, expect.stringContaining(why)]);
    const index = await fetch(`${network.url('pop')}/pypi/simple/${made.name}/`, {
      headers: { authorization: `Bearer ${publisher}` },
    });
    expect(index.status).toBe(404);
    expect(JSON.stringify(await keptVersions())).toBe(before);
  });

  test('is for those who may publish', async () => {
    const made = good();
    expect((await post(formOf(made), null)).status).toBe(401);
    expect((await post(formOf(made), 'mrd_wrong')).status).toBe(401);
    const refused = await post(formOf(made), reader);
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('publish')]);
  });

  test('that is no form, or breaks off, is refused', async () => {
    expect((await post('{}', publisher, { 'content-type': 'application/json' })).status).toBe(415);
    const type = 'multipart/form-data; boundary=x';
    const broken = await post('--x\r\ncontent-disposition: form-data; name="name"\r\n\r\nacm', publisher, {
      'content-type': type,
    });
    expect(broken.status).toBe(400);
  });

  test('works for the next one all the same', async () => {
    expect((await post(formOf(good()))).status).toBe(200);
    expect((await post(formOf(goodSdist()))).status).toBe(200);
  });
});
