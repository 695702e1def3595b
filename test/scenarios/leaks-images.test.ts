/**
 * Repositories that live here and are not for everybody: whether there is one, what it has, and whose bytes are whose, nobody may tell who has
 * no right by name, by whatever he asks, with whatever he shows.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { z } from 'zod';
import type { Right } from '../../src/identity.ts';
import { oci } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { random } from '../support/image.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';
import { digestOf } from '../support/oci-registry.ts';
import { writtenIn } from '../support/written.ts';

const on = (subject: string, ...actions: Right['actions']): Right => ({
  ...{ actions, routes: ['images'] },
  subjects: [subject],
});
const pops = ['pop', 'crew'] as const;
const type = 'application/vnd.oci.image.manifest.v1+json';
const layer = random(3000);
const layerDigest = digestOf(layer);
const config = new TextEncoder().encode('{"secret":"config"}');
const unfit = new Map<string, Record<string, string>>([['nobody', {}]]);

let network: TestNetwork;
let owner: string;
let other: string;
let manifestDigest: string;

beforeAll(async () => {
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'], cacheStatusKey: true },
      crew: { role: 'pop', parents: ['shield'], workers: 2 },
    },
    routes: [oci({ name: 'images', hosted: { names: ['*'], public: ['open/*'] } })],
  });
  const origin = network.node('origin');
  const all = ['read', 'publish', 'delete'] as const;
  owner = (await tokenFor(origin, 'owner', [on('acme/*', ...all), on('open/*', ...all)])).token;
  other = (await tokenFor(origin, 'other', [on('own/*', ...all), on('open/*', 'publish')])).token;
  for (const name of ['acme/secret', 'open/app']) manifestDigest = await push(name, owner);
  unfit.set('a token for other names', bearer(other));
  unfit.set('a ticket for that, of who may not', bearer(await ticket(other, 'repository:acme/secret:pull')));
  unfit.set('a ticket for that, of nobody', bearer(await ticket(null, 'repository:acme/secret:pull')));
  unfit.set('a ticket for other names', bearer(await ticket(owner, 'repository:acme/other:*')));
  unfit.set('a credential that is none', { authorization: 'Bearer nonsense' });
}, 60_000);

afterAll(() => network?.stop(), 30_000);

const at = (path: string, init: RequestInit = {}, pop: string = 'pop') =>
  fetch(`${network.url(pop)}/v2/${path}`, { ...init, keepalive: false });
const by = (token: string, init: RequestInit = {}) => ({
  ...init,
  headers: { ...bearer(token), ...init.headers },
});

async function ticket(token: string | null, ...scopes: readonly string[]): Promise<string> {
  const query = scopes.map((scope) => `scope=${encodeURIComponent(scope)}`).join('&');
  const answer = await at(`token?${query}`, token === null ? {} : by(token));
  return z.object({ token: z.string() }).parse(await answer.json()).token;
}

async function push(name: string, token: string): Promise<string> {
  for (const bytes of [layer, config]) {
    const pushed = await at(
      `${name}/blobs/uploads/?digest=${digestOf(bytes)}`,
      by(token, { method: 'POST', body: bytes }),
    );
    expect([name, pushed.status]).toEqual([name, 201]);
  }
  const describe = (bytes: Uint8Array) => ({
    ...{ mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.length },
  });
  const manifest = { schemaVersion: 2, mediaType: type, config: describe(config), layers: [describe(layer)] };
  const init = { method: 'PUT', body: JSON.stringify(manifest), headers: { 'content-type': type } };
  const put = await at(`${name}/manifests/v1`, by(token, init));
  expect([name, put.status]).toEqual([name, 201]);
  return put.headers.get('docker-content-digest') ?? '';
}

/** What can be read, changed and tried of a repository. */
const requests = (name: string): readonly (readonly [method: string, path: string])[] => [
  ...['GET', 'HEAD', 'OPTIONS'].flatMap((method) =>
    [
      ...[
        `manifests/v1`,
        `manifests/${manifestDigest}`,
        `blobs/${layerDigest}`,
        'tags/list',
        'tags/list?n=1',
      ],
      ...[`referrers/${manifestDigest}`, 'blobs/uploads/0a1b2c'],
    ].map((path) => [method, `${name}/${path}`] as const),
  ),
  ['PUT', `${name}/manifests/v1`],
  ['DELETE', `${name}/manifests/v1`],
  ['DELETE', `${name}/manifests/${manifestDigest}`],
  ['DELETE', `${name}/blobs/${layerDigest}`],
  ['POST', `${name}/blobs/uploads/`],
  ['POST', `${name}/blobs/uploads/?mount=${layerDigest}`],
  ['POST', `${name}/blobs/uploads/?digest=${layerDigest}`],
  ['PATCH', `${name}/blobs/uploads/0a1b2c`],
];

const ways: Record<string, Record<string, string>> = {
  plainly: {},
  'of caches only': { 'cache-control': 'only-if-cached' },
  anew: { 'cache-control': 'no-cache' },
  'with a condition': { 'if-none-match': '*' },
  'for a part': { range: 'bytes=0-9' },
};

/** Of each answer another one. */
const varying: ReadonlySet<string> = new Set(['date', 'server-timing', 'x-request-id', 'content-length']);
/** Which of two workers keeps a name is as likely for one as for the other. */
const ofMember: ReadonlySet<string> = new Set(['cache-status', 'via']);

async function told(pop: string, path: string, init: RequestInit, name: string): Promise<string> {
  const answer = await at(path, init, pop);
  const text = (await answer.text()).replace(/"requestId":"[^"]*"/, '');
  const fields = [...answer.headers].filter(
    ([field]) => !varying.has(field) && (pop === 'pop' || !ofMember.has(field)),
  );
  return JSON.stringify([answer.status, text, fields]).replaceAll(name, '<name>');
}

async function cannotTell(pop: string, absent: string): Promise<void> {
  for (const [who, credential] of unfit)
    for (const [way, fields] of Object.entries(ways))
      for (const [index, [method, path]] of requests('acme/secret').entries()) {
        const init = { method, headers: { ...fields, ...credential } };
        const [there, missing] = await Promise.all([
          told(pop, path, init, 'acme/secret'),
          told(pop, requests(absent)[index]?.[1] ?? '', init, absent),
        ]);
        expect([who, way, method, path, there]).toEqual([who, way, method, path, missing]);
        const status = Number(/^\[(\d+)/.exec(there)?.[1]);
        expect([who, method, path, [401, 403, 405].includes(status) ? 0 : status]).toEqual([
          who,
          method,
          path,
          0,
        ]);
      }
}

async function read(pop: string): Promise<void> {
  for (const path of ['manifests/v1', `manifests/${manifestDigest}`, `blobs/${layerDigest}`, 'tags/list'])
    expect((await at(`acme/secret/${path}`, by(owner), pop)).status).toBe(200);
}

describe.each(pops)('at %s, a repository of somebody else', (pop) => {
  test('cannot be told from one that there is not, read by others or not', async () => {
    await cannotTell(pop, 'acme/absent');
    for (const _ of [1, 2, 3]) await read(pop);
    await cannotTell(pop, 'acme/missin');
  }, 60_000);

  test('is in no list', async () => {
    for (const [, headers] of unfit) expect((await at('_catalog', { headers }, pop)).status).not.toBe(200);
  });
});

describe('a blob that only others have', () => {
  const begin = (query: string, token: string, body?: Uint8Array<ArrayBuffer>) =>
    at(`own/app/blobs/uploads/${query}`, by(token, { method: 'POST', ...(body && { body }) }));
  const summary = async (answer: Response) => {
    const location = (answer.headers.get('location') ?? '').replace(/uploads\/.*/, 'uploads/<id>');
    return [answer.status, location, answer.headers.get('docker-content-digest'), await answer.text()];
  };

  /** In no repository that everybody may read. */
  async function pushedInSecret(): Promise<string> {
    const secret = random(500);
    const init = by(owner, { method: 'POST', body: secret });
    expect((await at(`acme/secret/blobs/uploads/?digest=${digestOf(secret)}`, init)).status).toBe(201);
    return digestOf(secret);
  }

  test('is not mounted, nor told of, as one that nobody has', async () => {
    const [secrets, nobodys] = [await pushedInSecret(), digestOf(random(10))];
    for (const from of ['&from=acme/secret', '&from=acme/absent', '&from=Not/A/Name', ''])
      for (const token of [
        other,
        await ticket(other, 'repository:own/app:*', 'repository:acme/secret:pull'),
      ]) {
        const [known, unknown] = [`?mount=${secrets}${from}`, `?mount=${nobodys}${from}`];
        const answers = await Promise.all(
          [begin(known, token), begin(unknown, token)].map(async (one) => summary(await one)),
        );
        expect([from, answers[0]]).toEqual([from, answers[1]]);
        expect(answers[0]?.[0]).toBe(202);
      }
  });

  test('is not to be had by its digest from a repository that can be read', async () => {
    const secrets = await pushedInSecret();
    for (const name of ['open/app', 'own/app'])
      for (const method of ['GET', 'HEAD'])
        expect((await at(`${name}/blobs/${secrets}`, by(other, { method }))).status).toBe(404);
    const layers = [{ mediaType: type, digest: secrets, size: 500 }];
    const empty = { mediaType: type, digest: layerDigest, size: layer.length };
    const manifest = { schemaVersion: 2, mediaType: type, config: empty, layers };
    const init = { method: 'PUT', body: JSON.stringify(manifest), headers: { 'content-type': type } };
    const put = await at('own/app/manifests/v1', by(other, init));
    expect([put.status, await put.text()]).toEqual([400, expect.stringContaining('MANIFEST_BLOB_UNKNOWN')]);
  });

  test('is not there for who names its digest without its bytes', async () => {
    for (const digest of [await pushedInSecret(), digestOf(random(10))]) {
      const whole = await begin(`?digest=${digest}`, other);
      expect([whole.status, await whole.text()]).toEqual([400, expect.stringContaining('DIGEST_INVALID')]);
      const begun = await begin('', other);
      const end = `${network.url('pop')}${begun.headers.get('location')}?digest=${digest}`;
      expect((await fetch(end, by(other, { method: 'PUT' }))).status).toBe(400);
    }
  });

  test('is mounted by who may read it, with a ticket that says so, and with no other', async () => {
    const mount = `?mount=${layerDigest}&from=acme/secret`;
    const to = (name: string, token: string) =>
      at(`${name}/blobs/uploads/${mount}`, by(token, { method: 'POST' }));
    const narrow = await ticket(owner, 'repository:open/narrow:pull,push');
    expect((await to('open/narrow', narrow)).status).toBe(202);
    expect((await at(`open/narrow/blobs/${layerDigest}`)).status).toBe(404);
    const wide = await ticket(owner, 'repository:open/wide:pull,push', 'repository:acme/secret:pull');
    expect((await to('open/wide', wide)).status).toBe(201);
    expect((await to('open/all', owner)).status).toBe(201);
  });
});

describe('the API', () => {
  const api = (path: string, token: string, init: RequestInit = {}) =>
    fetch(`${network.url('pop')}/.meridian/v1${path}`, by(token, init));

  const lists = [
    'hot',
    'evictions',
    'packages',
    'packages?q=secret',
    'storage',
    'storage/packages',
    'top',
    'audit',
  ];
  const ofOne = (name: string) => {
    const word = encodeURIComponent(name);
    return [
      `packages/images/${word}`,
      `packages/images/${word}/readme`,
      `policies/images/${word}`,
      `top/images/${word}`,
    ];
  };
  const tags = (name: string) => ({ selectors: [{ by: 'tag', tag: `oci:${name}` }] });

  test('tells who has no rights nothing of it', async () => {
    for (const token of [other, await ticket(owner, 'repository:acme/secret:*'), 'nonsense']) {
      for (const path of lists) {
        const text = await (await api(`/${path}`, token)).text();
        expect([path, text.includes('acme'), text.includes(layerDigest)]).toEqual([path, false, false]);
      }
      for (const [at, path] of ofOne('acme/secret').entries()) {
        const answers = [path, ofOne('acme/absent')[at]].map(async (one) => {
          const answer = await api(`/${one}`, token);
          const text = (await answer.text()).replace(/,"requestId":"[^"]*"/, '');
          return [answer.status, text.replaceAll(/acme\W+(?:secret|absent)/g, '<name>')];
        });
        const [there, missing] = await Promise.all(answers);
        expect([path, there]).toEqual([path, missing]);
        expect([path, Number(there?.[0]) >= 400]).toEqual([path, true]);
      }
      const url = `${network.url('pop')}/v2/acme/secret/manifests/v1`;
      for (const [path, body] of [
        ['/explain', { url }],
        ['/purges', tags('acme/secret')],
      ] as const) {
        const headers = { 'content-type': 'application/json' };
        const answer = await api(path, token, { method: 'POST', headers, body: JSON.stringify(body) });
        expect([path, [401, 403].includes(answer.status)]).toEqual([path, true]);
      }
    }
  });

  test('says of it that it is not for everybody, and nothing of who asks', async () => {
    const root = (await tokenFor(network.node('origin'), 'root', [{ ...on('*', 'admin'), routes: ['*'] }]))
      .token;
    const fields = [['authorization', `Bearer ${owner}`]];
    for (const name of ['acme/secret', 'acme/absent', 'open/app']) {
      const url = `${network.url('pop')}/v2/${name}/manifests/v1`;
      const headers = { 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body: JSON.stringify({ url, fields, method: 'GET' }) };
      const answer = await api('/explain', root, init);
      const text = await answer.text();
      expect([answer.status, text]).toEqual([200, expect.stringContaining('"access"')]);
      expect([name, /"access":"(\w+)"/.exec(text)?.[1]]).toEqual([
        name,
        name === 'open/app' ? 'open' : 'closed',
      ]);
      expect(text).not.toContain(owner);
    }
  });
});

test('a ticket is written down nowhere', async () => {
  const text = await ticket(owner, 'repository:acme/secret:pull');
  await at(`acme/secret/manifests/v1?access_token=${text}`, by(text));
  await at(`token?scope=${text}`, by(owner));
  await at(`${text}/manifests/v1`, by(text));
  const secret = text.split('.')[2] ?? '';
  for (const node of ['crew', 'pop', 'shield', 'origin']) await network.node(node).stop();
  const texts = writtenIn(network.dir);
  expect(texts.length).toBeGreaterThan(10);
  for (const [where, written] of texts) expect([where, written.includes(secret)]).toEqual([where, false]);
});
