/** An index for Python packages on the wire, without a client: forms, addresses, files in part, what is confirmed, whom an upstream's password is for. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { z } from 'zod';
import type { Right } from '../../src/identity.ts';
import { pypi } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { eventually, startNetwork, type TestNetwork } from '../support/index.ts';
import { type PythonIndex, startPythonIndex } from '../support/python-index.ts';
import { hexOf, type PythonPackage, wheel } from '../support/python-package.ts';

/** JSON and files at one place, HTML with a password and files at another. */
let plain: PythonIndex;
let closed: PythonIndex;
let elsewhere: PythonIndex;
/** With a password for its index and for the files beside it. */
let guarded: PythonIndex;
let network: TestNetwork;
let six: PythonPackage;
let token: string;

const password = `Basic ${btoa('meridian:secret')}`;
const json = 'application/vnd.pypi.simple.v1+json';
const html = 'application/vnd.pypi.simple.v1+html';
const pip = `${json}, ${html}; q=0.1, text/html; q=0.01`;
const all: Right = { actions: ['read', 'publish', 'delete'], routes: ['pypi'], subjects: ['*'] };

beforeAll(async () => {
  plain = await startPythonIndex();
  elsewhere = await startPythonIndex();
  closed = await startPythonIndex({ speaks: 'html', authorization: password, filesAt: elsewhere.url });
  guarded = await startPythonIndex({ authorization: password });
  guarded.publish({ name: 'guarded-lib', version: '1.0' });
  six = plain.publish({ name: 'six', version: '1.16.0', requiresPython: '>=2.7, !=3.0.*' });
  plain.publish({ name: 'six', version: '1.15.0' }, { yanked: 'bad <things>' });
  plain.publish({ name: 'acme-internal', version: '9.0' });
  plain.publish({ name: 'closed-lib', version: '9.0' });
  const lib = wheel({ name: 'closed-lib', version: '1.0' });
  closed.publish(lib);
  elsewhere.publish(lib);
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      pop: { role: 'pop', parents: ['origin'] },
    },
    routes: [
      pypi({
        match: { path: '/pypi' },
        upstreams: [
          { url: `${plain.url}/simple` },
          { url: `${closed.url}/simple/`, authorization: password, names: ['closed-*'] },
          { url: `${guarded.url}/simple`, authorization: password, names: ['guarded-*'] },
        ],
        hosted: { names: ['acme-*'], public: ['acme-open'] },
        metadata: { freshS: '1h' },
      }),
    ],
  });
  token = (await tokenFor(network.node('origin'), 'alice', [all])).token;
}, 60_000);

afterAll(async () => {
  await network?.stop();
  for (const each of [plain, closed, elsewhere, guarded]) await each?.off();
}, 30_000);

beforeEach(() => {
  for (const each of [plain, closed, elsewhere, guarded]) each.forget();
});

const get = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`${network.url('pop')}/pypi${path}`, { headers, redirect: 'manual', ...init });
const page = z.object({
  meta: z.object({ 'api-version': z.string() }),
  name: z.string(),
  versions: z.array(z.string()),
  files: z.array(z.record(z.string(), z.unknown())),
});
const pageAt = async (path: string) => page.parse(await (await get(path, { accept: json })).json());

describe('an index', () => {
  test('comes in three renderings, made of one look at the upstream', async () => {
    for (const [accept, type] of [
      [pip, json],
      [html, html],
      ['*/*', 'text/html; charset=utf-8'],
    ] as const) {
      const answer = await get('/simple/six/', { accept });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
      expect(answer.headers.get('vary')?.toLowerCase()).toContain('accept');
      const text = await answer.text();
      expect(text).toContain(`../../files/six/${six.file}`);
      expect(text).not.toContain(plain.url);
    }
    expect(plain.count('/simple/six/')).toBe(1);
  });

  test('says all that the upstream has said', async () => {
    const { files, versions, meta } = await pageAt('/simple/six/');
    expect(meta['api-version']).toBe('1.4');
    expect(versions).toEqual(['1.16.0', '1.15.0']);
    expect(files).toEqual([
      expect.objectContaining({
        ...{ filename: six.file, size: six.bytes.byteLength, hashes: { sha256: six.sha256 }, yanked: false },
        ...{ 'requires-python': '>=2.7, !=3.0.*', 'upload-time': '2020-01-01T00:00:00.000000Z' },
        'core-metadata': { sha256: hexOf(six.metadata) },
      }),
      expect.objectContaining({ yanked: 'bad <things>' }),
    ]);
    const text = await (await get('/simple/six/')).text();
    expect(text).toContain('data-yanked="bad &lt;things&gt;"');
    expect(text).toContain(`#sha256=${six.sha256}`);
    expect(text).toContain('data-requires-python="&gt;=2.7, !=3.0.*"');
  });

  test('is not to be had in other forms', async () => {
    for (const [path, accept] of [
      ['/simple/six/', 'application/json'],
      ['/simple/six/', 'application/vnd.pypi.simple.v2+json'],
      ['/simple/six/?format=text/plain', pip],
    ] as const)
      expect((await get(path, { accept })).status).toBe(406);
    const chosen = await get(`/simple/six/?format=${encodeURIComponent(json)}`, { accept: 'text/html' });
    expect(chosen.headers.get('content-type')).toBe(json);
  });

  test('is confirmed by its tag, and has a head', async () => {
    const { headers } = await get('/simple/six/', { accept: json });
    const etag = headers.get('etag') ?? '';
    expect((await get('/simple/six/', { accept: json, 'if-none-match': etag })).status).toBe(304);
    expect((await get('/simple/six/', { accept: html, 'if-none-match': etag })).status).toBe(200);
    const head = await get('/simple/six/', { accept: json }, { method: 'HEAD' });
    expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, '']);
  });

  test('has one address for all spellings, with a slash at its end', async () => {
    const moved = await get('/simple/SIX');
    expect([moved.status, moved.headers.get('location')]).toEqual([301, 'six/']);
    expect((await get('/simple/SIX', {}, { redirect: 'follow' })).url).toEndWith('/pypi/simple/six/');
    expect((await get('/simple', {}, { redirect: 'follow' })).url).toEndWith('/pypi/simple/');
    await get('/simple/Six/').then((answer) => answer.text());
    expect((await get('/simple/SIX/')).headers.get('cache-status')).toContain('hit');
  });

  test('of all projects leaves out what one upstream may not have, and what lives here in secret', async () => {
    const list = z.object({ projects: z.array(z.object({ name: z.string() })) });
    const { projects } = list.parse(await (await get('/simple/', { accept: json })).json());
    expect(projects.map(({ name }) => name)).toEqual(['closed-lib', 'guarded-lib', 'six']);
    expect(await (await get('/simple/', { accept: html })).text()).toContain('<a href="six/">six</a>');
  });

  test('is asked for anew, in every rendering, when one address of it was purged', async () => {
    const purged = { targets: [{ by: 'url', url: `${network.url('pop')}/pypi/simple/six/` }], soft: false };
    await network.node('origin').api('POST', '/purges', purged);
    for (const accept of [json, html, 'text/html'])
      expect((await get('/simple/six/', { accept })).headers.get('cache-status')).not.toContain('pop;hit');
    expect(plain.count('/simple/six/')).toBe(1);
  });

  test('of nothing is a 404 in one line', async () => {
    const answer = await get('/simple/nothing/', { accept: pip });
    expect([answer.status, await answer.text()]).toEqual([404, 'There is no nothing.\n']);
  });
});

describe('a file', () => {
  const path = () => `/files/six/${six.file}`;

  test('comes whole, in part, as a head, and is confirmed', async () => {
    const whole = await get(path());
    expect(whole.headers.get('cache-control')).toContain('immutable');
    expect(hexOf(new Uint8Array(await whole.arrayBuffer()))).toBe(six.sha256);
    const part = await get(path(), { range: 'bytes=2-5' });
    expect([part.status, part.headers.get('content-range')]).toEqual([
      206,
      `bytes 2-5/${six.bytes.byteLength}`,
    ]);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(six.bytes.slice(2, 6));
    const head = await get(path(), {}, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(six.bytes.byteLength)]);
    const etag = whole.headers.get('etag') ?? '';
    expect((await get(path(), { 'if-none-match': etag })).status).toBe(304);
    expect(plain.count(`/files/${'six'}/${six.file}`)).toBe(1);
  });

  test('has a head before anybody has asked for it', async () => {
    const made = plain.publish({ name: 'headless', version: '1.0' });
    const index = await get('/simple/headless/', { accept: json }, { method: 'HEAD' });
    expect([index.status, index.headers.get('content-type'), await index.text()]).toEqual([200, json, '']);
    const file = await get(`/files/headless/${made.file}`, {}, { method: 'HEAD' });
    const length = String(made.bytes.byteLength);
    expect([file.status, file.headers.get('content-length'), await file.text()]).toEqual([200, length, '']);
  });

  test('has its metadata beside it', async () => {
    const answer = await get(`${path()}.metadata`);
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(six.metadata);
  });

  test('of the newest version says of itself what it needs before anybody asks', async () => {
    for (const version of ['1.9', '1.10', '2.0rc1']) plain.publish({ name: 'ahead', version });
    await pageAt('/simple/ahead/');
    const asked = () => plain.requests().map(({ path }) => path);
    await eventually('the metadata to be fetched', () => asked().length === 2);
    expect(asked()).toEqual(['/simple/ahead/', '/files/ahead/ahead-1.10-py3-none-any.whl.metadata']);
  });

  test('that has been published since the index was stored is found all the same, by one more look', async () => {
    await pageAt('/simple/six/');
    const late = plain.publish({ name: 'six', version: '1.17.0' });
    plain.forget();
    expect((await get(`/files/six/${late.file}`)).status).toBe(200);
    expect((await get('/files/six/six-6.6.6.tar.gz')).status).toBe(404);
    expect((await get('/files/six/six-7.7.7.tar.gz')).status).toBe(404);
    expect(plain.count('/simple/six/')).toBe(1);
    await eventually('the new version to be listed', async () =>
      (await pageAt('/simple/six/')).versions.includes('1.17.0'),
    );
  });

  test('of an upstream with a password is had from elsewhere without it', async () => {
    const { files } = await pageAt('/simple/closed-lib/');
    expect(files).toHaveLength(1);
    const answer = await get('/files/closed-lib/closed_lib-1.0-py3-none-any.whl');
    expect(answer.status).toBe(200);
    await answer.body?.cancel();
    expect(closed.requests().map(({ headers }) => headers.get('authorization'))).toEqual([password]);
    const shown = elsewhere.requests().map(({ headers }) => headers.get('authorization'));
    expect([...new Set(shown)]).toEqual([null]);
    expect(plain.requests()).toEqual([]);
  });
});

test('the password of an upstream is for the files beside its index as well', async () => {
  const answer = await get('/files/guarded-lib/guarded_lib-1.0-py3-none-any.whl');
  expect([answer.status, (await answer.bytes()).byteLength > 0]).toEqual([200, true]);
  expect(guarded.requests().map(({ headers }) => headers.get('authorization'))).toEqual([password, password]);
});

describe('what lives here', () => {
  const basic = () => ({ authorization: `Basic ${btoa(`__token__:${token}`)}` });

  async function upload(made: PythonPackage): Promise<Response> {
    const form = new FormData();
    for (const [name, value] of Object.entries({
      ...{ ':action': 'file_upload', protocol_version: '1', metadata_version: '2.1', pyversion: 'py3' },
      ...{ name: made.name, version: made.version, filetype: 'bdist_wheel', sha256_digest: made.sha256 },
    }))
      form.set(name, value);
    form.set('content', new File([made.bytes], made.file));
    return get('/legacy/', basic(), { method: 'POST', body: form });
  }

  test('is listed for whoever may, with its hashes and its metadata', async () => {
    const made = wheel({ name: 'Acme.Open', version: '1.0', requiresPython: '>=3.8', requires: ['six'] });
    expect((await upload(made)).status).toBe(200);
    const { files, name } = await pageAt('/simple/acme-open/');
    expect(name).toBe('acme-open');
    expect(files).toMatchObject([
      {
        ...{ filename: made.file, hashes: { sha256: made.sha256 }, size: made.bytes.byteLength },
        ...{ 'requires-python': '>=3.8', 'core-metadata': { sha256: hexOf(made.metadata) }, yanked: false },
      },
    ]);
    const beside = await get(`/files/acme-open/${made.file}.metadata`);
    expect(new Uint8Array(await beside.arrayBuffer())).toEqual(made.metadata);
    const list = await (await get('/simple/', { accept: json })).text();
    expect(list).toContain('"acme-open"');
  });

  test('is nobody else’s: an upstream of the same name is not asked', async () => {
    for (const path of [
      '/simple/acme-internal/',
      '/files/acme-internal/acme_internal-9.0-py3-none-any.whl',
    ]) {
      expect((await get(path)).status).toBe(401);
      expect((await get(path, basic())).status).toBe(404);
    }
    expect(plain.requests()).toEqual([]);
  });

  test('a version is one, however it is spelt', async () => {
    expect((await upload(wheel({ name: 'acme-spelt', version: '2.0' }))).status).toBe(200);
    expect((await upload(wheel({ name: 'acme-spelt', version: '2.0.0' }))).status).toBe(200);
    const answer = await get('/simple/acme-spelt/', { ...basic(), accept: json });
    expect(page.parse(await answer.json()).versions).toEqual(['2.0']);
  });

  test('is told of to people', async () => {
    const described = await network.node('origin').api('GET', '/packages/pypi/acme-open');
    expect(described).toMatchObject({
      description: 'Acme.Open for tests',
      licence: 'MIT',
      homepage: 'https://home.example/',
    });
  });
});
