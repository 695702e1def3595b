/**
 * What some only may have of a route for files and of one for Python packages, asked for in every way by everybody who may not: not a byte, a size, a tag or
 * a name of it, wherever it is just then, in lists, errors and catalogues, and nobody can tell it from what there is not.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Right } from '../../src/identity.ts';
import { fileTree, pypi } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { eventually, noise, startNetwork, type TestNetwork } from '../support/index.ts';
import { wheel } from '../support/python-package.ts';

const secretText = `the secret text ${noise('secret', 400_000)}`;
const reading: Right = { actions: ['read'], routes: ['*'], subjects: ['*'] };
const everything: Right = { actions: ['read', 'publish', 'delete', 'admin'], routes: ['*'], subjects: ['*'] };
const secretWheel = wheel({ name: 'ours-secret', version: '1.0', description: 'the secret text' });

let network: TestNetwork;
let good: string;
let admin: string;
const unfit = new Map<string, Record<string, string>>();

beforeAll(async () => {
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
      crew: { role: 'pop', parents: ['shield'], workers: 2 },
    },
    routes: [
      fileTree({
        upstreams: [],
        hosted: { names: ['ours/*', 'mixed/ours-*', 'deep/within/itself/*', 'open/*'], public: ['open/*'] },
      }),
      pypi({ upstreams: [], hosted: { names: ['ours-*', 'open-*'], public: ['open-*'] } }),
    ],
  });
  const origin = network.node('origin');
  admin = (await tokenFor(origin, 'root', [everything])).token;
  good = (await tokenFor(origin, 'reader', [reading])).token;
  const other: Right = { actions: ['read', 'publish'], routes: ['*'], subjects: ['other/*', 'other-*'] };
  const revoked = await tokenFor(origin, 'reader', []);
  await origin.api('DELETE', `/tokens/${revoked.id}`);
  unfit.set('nobody', {});
  unfit.set('a mistyped token', bearer(`${good.slice(0, -1)}${good.endsWith('0') ? '1' : '0'}`));
  unfit.set('a revoked token', bearer(revoked.token));
  unfit.set('a token for something else', bearer((await tokenFor(origin, 'other', [other])).token));
  unfit.set('a token without a right', bearer((await tokenFor(origin, 'powerless', [])).token));
  unfit.set('fields between nodes', { 'meridian-access': 'public', 'meridian-tier': 'shield files 1 f x' });
  for (const path of [
    'ours/secret.bin',
    'mixed/ours-secret.bin',
    'deep/within/itself/secret.bin',
    'open/plain.bin',
  ])
    expect((await put(path, `${path} ${secretText}`)).status).toBe(201);
  const form = new FormData();
  for (const [name, value] of Object.entries({
    ...{ ':action': 'file_upload', protocol_version: '1', metadata_version: '2.1', filetype: 'bdist_wheel' },
    ...{ name: 'ours-secret', version: '1.0', pyversion: 'py3', sha256_digest: secretWheel.sha256 },
  }))
    form.set(name, value);
  form.set('content', new File([secretWheel.bytes], secretWheel.file));
  const uploaded = await fetch(`${network.url('pop')}/pypi/legacy/`, {
    ...{ method: 'POST', body: form, headers: { authorization: `Basic ${btoa(`__token__:${admin}`)}` } },
  });
  expect([uploaded.status, await uploaded.text()]).toEqual([200, expect.any(String)]);
}, 60_000);

afterAll(async () => {
  await network?.stop();
}, 30_000);

async function put(path: string, body: string) {
  const init = { method: 'PUT', body, headers: bearer(admin) };
  const answer = await fetch(`${network.url('pop')}/files/${path}`, init);
  await answer.text();
  return answer;
}

const get = (pop: string, path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(network.url(pop) + path, { method, headers, redirect: 'manual' });

/** Of each what there is, and what there is not, which nobody who may not read it can tell apart. */
const secrets: Readonly<Record<string, readonly [there: string, missing: string]>> = {
  'a file': ['/files/ours/secret.bin', '/files/ours/absent.bin'],
  'a file in a folder of others': ['/files/mixed/ours-secret.bin', '/files/mixed/ours-absent.bin'],
  'its check sum': ['/files/ours/secret.bin.sha256', '/files/ours/absent.bin.sha256'],
  'a folder': ['/files/ours/', '/files/ours/absent/'],
  'an index': ['/pypi/simple/ours-secret/', '/pypi/simple/ours-absent/'],
  'a wheel': [
    `/pypi/files/ours-secret/${secretWheel.file}`,
    `/pypi/files/ours-absent/${secretWheel.file.replace('secret', 'absent')}`,
  ],
  'metadata of a wheel': [
    `/pypi/files/ours-secret/${secretWheel.file}.metadata`,
    `/pypi/files/ours-absent/${secretWheel.file.replace('secret', 'absent')}.metadata`,
  ],
};

const ways: Readonly<Record<string, Record<string, string>>> = {
  plainly: {},
  'for a part': { range: 'bytes=0-9' },
  'with a condition': { 'if-none-match': '*' },
  'with a time': { 'if-modified-since': 'Mon, 01 Jan 2035 00:00:00 GMT' },
  'as JSON': { accept: 'application/json, application/vnd.pypi.simple.v1+json' },
  compressed: { 'accept-encoding': 'br, gzip, zstd' },
  anew: { 'cache-control': 'no-cache' },
  'only from a cache': { 'cache-control': 'only-if-cached' },
  stale: { 'cache-control': 'max-stale=9999' },
};

const telling = [
  ...['etag', 'last-modified', 'accept-ranges', 'content-range', 'repr-digest', 'age', 'content-encoding'],
  ...['meridian-access', 'meridian-cdn-cache-control', 'cache-tag', 'vary'],
];

async function isRefused(answer: Response, what: string): Promise<void> {
  const text = await answer.text();
  const status = answer.headers.get('cache-status') ?? '';
  expect({
    ...{ what, isRefusal: [401, 403].includes(answer.status) },
    told: telling.filter((name) => answer.headers.has(name)),
    hits: status.includes('hit'),
    isKept: answer.headers.get('cache-control') !== 'no-store',
    isTold: text.includes('secret text') || text.includes(secretWheel.sha256),
  }).toEqual({ ...{ what, isRefusal: true, told: [], hits: false, isKept: false, isTold: false } });
}

async function nobodyElseGets(pop: string): Promise<void> {
  for (const [what, [path]] of Object.entries(secrets))
    for (const [who, credential] of unfit)
      await Promise.all(
        Object.entries(ways).flatMap(([way, fields]) =>
          (['GET', 'HEAD'] as const).map(async (method) =>
            isRefused(
              await get(pop, path, { ...fields, ...credential }, method),
              `${method} ${what} ${way} with ${who} at ${pop}`,
            ),
          ),
        ),
      );
}

for (const pop of ['pop', 'crew'] as const)
  test(`is not for others at ${pop}, before it is there, once it is there, and after a restart`, async () => {
    const warm = async () => {
      for (const [path] of Object.values(secrets))
        for (const _ of [1, 2]) {
          const answer = await get(pop, path, bearer(good));
          expect([path, answer.status]).toEqual([path, 200]);
          expect(answer.headers.get('cache-control')).toContain('private');
          await answer.bytes();
        }
    };
    await nobodyElseGets(pop);
    await warm();
    await nobodyElseGets(pop);
    await network.node(pop).stop();
    await network.node(pop).restart();
    await nobodyElseGets(pop);
    await warm();
  }, 60_000);

test('cannot be told from what there is not', async () => {
  const varying: ReadonlySet<string> = new Set(['date', 'server-timing', 'x-request-id', 'content-length']);
  const told = async (path: string, method: string, headers: Record<string, string>) => {
    const answer = await get('pop', path, headers, method);
    // Every answer has an id of its own, and errors name it.
    const id = answer.headers.get('x-request-id') ?? '';
    const text = (await answer.text()).replaceAll(id === '' ? '\0' : id, '<id>');
    const fields = [...answer.headers].filter(([field]) => !varying.has(field));
    const timing = (answer.headers.get('server-timing') ?? '').replaceAll(/dur=[\d.]+/g, 'dur');
    return JSON.stringify([answer.status, text, fields, timing]).replaceAll(/secret|absent/g, '<name>');
  };
  for (const [who, headers] of unfit)
    for (const [what, [there, missing]] of Object.entries(secrets))
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'POST', 'PURGE']) {
        if (what === 'a folder') continue;
        const [one, other] = [await told(there, method, headers), await told(missing, method, headers)];
        expect([who, what, method, one]).toEqual([who, what, method, other]);
      }
});

describe('lists', () => {
  const seen = async (path: string, headers: Record<string, string>) => {
    const answer = await get('pop', path, headers);
    return answer.text();
  };

  test('of what everybody may read name nothing else', async () => {
    for (const [who, credential] of unfit)
      for (const path of ['/files/', '/files/mixed/', '/files/deep/', '/files/deep/within/', '/pypi/simple/'])
        for (const accept of ['text/html', 'application/json', 'application/vnd.pypi.simple.v1+json']) {
          const text = await seen(path, { ...credential, accept });
          const names = ['secret', 'ours', 'mixed', 'within', 'itself'].filter(
            (name) => !path.includes(name) && text.includes(name),
          );
          expect([who, path, accept, names]).toEqual([who, path, accept, []]);
        }
    for (const path of ['/files/mixed/', '/files/deep/', '/files/deep/within/'])
      expect([path, (await get('pop', path)).status]).toEqual([path, 404]);
    expect(await seen('/files/', {})).toContain('open/');
    expect(await seen('/files/ours/', bearer(good))).toContain('secret.bin');
  });

  test('of the catalogue and the search name it for nobody else', async () => {
    const paths = ['/.meridian/v1/packages?text=secret', '/.meridian/v1/packages'];
    for (const [who, credential] of unfit)
      for (const path of paths)
        expect([who, path, (await seen(path, credential)).includes('ours')]).toEqual([who, path, false]);
  });
});

test('whoever waits together with one who may gets nothing of it', async () => {
  for (const pop of ['pop', 'crew']) {
    expect((await put(`ours/waited-${pop}.bin`, secretText)).status).toBe(201);
    const path = `/files/ours/waited-${pop}.bin`;
    const all = Array.from({ length: 30 }, (_, at) => get(pop, path, at % 3 === 0 ? bearer(good) : {}));
    for (const [at, answer] of (await Promise.all(all)).entries()) {
      if (at % 3 !== 0) await isRefused(answer, `waiting at ${pop}`);
      else expect([answer.status, (await answer.text()) === secretText]).toEqual([200, true]);
    }
  }
});

test('whose token is revoked gets nothing that was his before, hit or not', async () => {
  const { id, token } = await tokenFor(network.node('origin'), 'leaver', [reading]);
  for (const [path] of Object.values(secrets))
    expect((await get('pop', path, bearer(token))).status).toBe(200);
  await network.node('origin').api('DELETE', `/tokens/${id}`);
  await eventually('the token to be refused', async () => {
    const answer = await get('pop', '/files/ours/secret.bin', bearer(token));
    await answer.text();
    return answer.status === 401;
  });
  for (const [what, [path]] of Object.entries(secrets))
    await isRefused(await get('pop', path, bearer(token)), what);
});
