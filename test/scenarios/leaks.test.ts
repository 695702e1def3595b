/**
 * Everything that is not for everybody, asked for in every way by everybody who may not have it, wherever it is just then:
 * nowhere yet, in memory, on disk, in a key/value store, at another worker, at a sibling. Not a byte, a size or a tag of it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Right } from '../../src/identity.ts';
import { kv, npm, peer, web } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  eventually,
  noise,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { type KvServer, kvServerProblem, startKvServer } from '../support/kv-servers.ts';
import { available } from '../support/needs.ts';
import { publication } from '../support/publication.ts';
import { writtenIn, writtenInRedis } from '../support/written.ts';

const canRun = available('redis', kvServerProblem('redis'));

const secretText = `the secret text ${noise('secret', 200_000)}`;
const plainName = '@acme/plain';
const secretName = '@acme/secret';
const bigName = '@acme/big';

const everything: Right = { actions: ['read', 'publish', 'delete', 'admin'], routes: ['*'], subjects: ['*'] };
const reading: Right = { actions: ['read'], routes: ['*'], subjects: ['*'] };
const elsewhere: Right = { actions: ['read'], routes: ['public'], subjects: ['*'] };
const otherScope: Right = { actions: ['read', 'publish'], routes: ['npm'], subjects: ['@other/*'] };

/** Of which each keeps what it has in another place. */
const pops = ['plain', 'crew', 'twin', 'shared'] as const;

let redis: KvServer;
let upstream: Upstream;
let network: TestNetwork;
let good: string;
let admin: string;
/** What each of those who may not brings with him. */
const unfit = new Map<string, Record<string, string>>();
/** All tokens that were ever made. */
const made: string[] = [];

beforeAll(async () => {
  if (!canRun) return;
  redis = await startKvServer('redis');
  upstream = await startUpstream(({ target }) => ({
    headers: {
      'cache-control': `max-age=${target.includes('stale') ? 1 : 600}, stale-while-revalidate=600, stale-if-error=600`,
      vary: target.includes('varied') ? 'authorization' : 'x-nothing',
      'content-type': 'text/plain',
      'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT',
      etag: '"secret-tag"',
    },
    body: `${target} ${secretText}`,
  }));
  const disk = { parents: ['shield'] };
  network = await startNetwork({
    kv: { near: { url: redis.url } },
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'], near: 'near' },
      plain: { role: 'pop', ...disk },
      crew: { role: 'pop', workers: 2, ...disk },
      twin: { role: 'pop', parents: [peer('plain'), 'shield'] },
      shared: { role: 'pop', disk: false, sharedMemory: { store: 'near' }, ...disk },
    },
    routes: [
      web({
        name: 'closed',
        match: { path: '/closed' },
        access: 'closed',
        upstream: upstream.url,
        replicate: kv(),
      }),
      npm({
        name: 'npm',
        match: { path: '/npm' },
        upstreams: [],
        hosted: { scopes: ['@acme'] },
        replicate: kv(),
      }),
      web({ name: 'public', upstream: upstream.url, replicate: kv() }),
    ],
  });
  const origin = network.node('origin');
  const token = async (
    ...args: Parameters<typeof tokenFor> extends [unknown, ...infer Rest] ? Rest : never
  ) => {
    const one = await tokenFor(origin, ...args);
    made.push(one.token);
    return one;
  };
  admin = (await token('root', [everything])).token;
  good = (await token('reader', [reading])).token;
  const revoked = await token('reader', []);
  await origin.api('DELETE', `/tokens/${revoked.id}`);
  const expired = await token('reader', [], { expiresS: 1 });
  const disabled = await token('gone', [reading]);
  await origin.api('PUT', '/users/gone', { disabled: true });
  const limit = [elsewhere];
  unfit.set('nobody', {});
  unfit.set('a malformed credential', { authorization: 'Bearer nonsense' });
  unfit.set('a mistyped token', bearer(`${good.slice(0, -1)}${good.endsWith('0') ? '1' : '0'}`));
  unfit.set('a user name and password', { authorization: `Basic ${btoa('reader:secret')}` });
  unfit.set('an oversized credential', { authorization: `Bearer ${'x'.repeat(6000)}` });
  unfit.set('a token in the wrong field', { cookie: `token=${good}`, 'x-auth-token': good });
  unfit.set('fields between nodes', {
    ...{ 'meridian-access': 'public', 'meridian-tier': 'shield npm 1 f x', 'meridian-hop': 'x' },
    ...{ 'x-forwarded-for': '127.0.0.1', 'meridian-caller': good },
  });
  unfit.set('a revoked token', bearer(revoked.token));
  unfit.set('an expired token', bearer(expired.token));
  unfit.set(
    'a token of another place',
    bearer((await token('reader', [], { addresses: ['192.0.2.0/24'] })).token),
  );
  unfit.set('a token of somebody disabled', bearer(disabled.token));
  unfit.set('a token without a right', bearer((await token('powerless', [])).token));
  unfit.set('a token for another scope', bearer((await token('other', [otherScope])).token));
  unfit.set('a token that is limited', bearer((await token('reader', [], { limit })).token));
  for (const [name, textBytes] of [
    [secretName, 300_000],
    [bigName, 3_000_000],
    [plainName, 1000],
  ] as const) {
    const access = name === plainName ? 'public' : 'restricted';
    const answer = await fetch(`${network.url('plain')}/npm/${name}`, {
      method: 'PUT',
      headers: bearer(admin),
      body: JSON.stringify(publication(name, '1.0.0', { access, textBytes })),
    });
    expect([answer.status, await answer.text()]).toEqual([201, expect.any(String)]);
  }
  await eventually('the token to expire', async () => {
    return (await get('plain', '/closed/probe', bearer(expired.token))).status === 401;
  });
}, 90_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
  await redis?.[Symbol.asyncDispose]();
}, 30_000);

const get = (pop: string, path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(network.url(pop) + path, { method, headers });

/** What some only may have. `of`: a name, so that each place has its own copies. */
const secrets = (of: string): Record<string, { path: string; headers?: Record<string, string> }> => ({
  'a page of a closed route': { path: `/closed/${of}` },
  'the same, compressed': { path: `/closed/${of}`, headers: { 'accept-encoding': 'gzip' } },
  'a packument': { path: `/npm/${secretName}` },
  'a packument, abbreviated': {
    path: `/npm/${secretName}`,
    headers: { accept: 'application/vnd.npm.install-v1+json' },
  },
  'a manifest': { path: `/npm/${secretName}/1.0.0` },
  'a manifest by its tag': { path: `/npm/${secretName}/latest` },
  'dist-tags': { path: `/npm/-/package/${encodeURIComponent(secretName)}/dist-tags` },
  'a tarball': { path: `/npm/${secretName}/-/secret-1.0.0.tgz` },
  'a long tarball': { path: `/npm/${bigName}/-/big-1.0.0.tgz` },
});

const ways: Record<string, Record<string, string>> = {
  plainly: {},
  'for a part': { range: 'bytes=0-9' },
  'for its end': { range: 'bytes=-9' },
  'for two parts': { range: 'bytes=0-1,5-6' },
  'with a condition': { 'if-none-match': '*' },
  'with its tag': { 'if-none-match': '"secret-tag"' },
  'with a time': { 'if-modified-since': 'Mon, 01 Jan 2035 00:00:00 GMT' },
  'whether it is another': { 'if-match': '"another"' },
  compressed: { 'accept-encoding': 'br, gzip, zstd' },
  anew: { 'cache-control': 'no-cache' },
  'for nothing that is stored': { 'cache-control': 'no-store' },
  stale: { 'cache-control': 'max-stale=9999' },
};

/** Of every answer another one. */
const varying: ReadonlySet<string> = new Set(['date', 'server-timing', 'x-request-id', 'content-length']);

const telling = [
  ...['etag', 'last-modified', 'accept-ranges', 'content-range', 'repr-digest', 'age', 'vary'],
  ...['content-encoding', 'meridian-access', 'meridian-cdn-cache-control', 'npm-notice'],
];

/** Asserts that an answer is a refusal, and that there is nothing else in it. */
async function isRefused(answer: Response, what: string, refusals = [401, 403]): Promise<void> {
  const text = await answer.text();
  const told = telling.filter((name) => answer.headers.has(name));
  const status = answer.headers.get('cache-status') ?? '';
  expect({ what, status: refusals.includes(answer.status), told, hits: status.includes('hit') }).toEqual({
    ...{ what, status: true, told: [], hits: false },
  });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  for (const secret of ['secret text', 'integrity', 'dist-tags', '1.0.0"'])
    expect(text).not.toContain(secret);
}

/** Everything in every way by everybody who may not. */
async function nobodyElseGets(pop: string, of: string, refusals?: number[]): Promise<void> {
  for (const [what, { path, headers }] of Object.entries(secrets(of)))
    for (const [who, credential] of unfit)
      await Promise.all(
        Object.entries(ways).flatMap(([way, fields]) =>
          (['GET', 'HEAD'] as const).map(async (method) => {
            const answer = await get(pop, path, { ...headers, ...fields, ...credential }, method);
            await isRefused(answer, `${method} ${what} ${way} with ${who} at ${pop}`, refusals);
          }),
        ),
      );
}

async function warm(pop: string, of: string): Promise<void> {
  for (const { path, headers } of Object.values(secrets(of)))
    for (const _ of [1, 2]) {
      const answer = await get(pop, path, { ...headers, ...bearer(good) });
      expect([path, answer.status]).toEqual([path, 200]);
      expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(10);
    }
}

describe.skipIf(!canRun)('what some only may have', () => {
  for (const pop of pops) {
    test(`is not for others at ${pop}, before it is there, once it is there, and after a restart`, async () => {
      await nobodyElseGets(pop, 'page');
      await warm(pop, 'page');
      await nobodyElseGets(pop, 'page');
      await network.node(pop).stop();
      await network.node(pop).restart();
      await nobodyElseGets(pop, 'page');
      await warm(pop, 'page');
    }, 120_000);
  }

  test('is not for those who wait for it together with one who may', async () => {
    for (const pop of pops) {
      const path = `/npm/${bigName}/-/big-1.0.0.tgz?${pop}`;
      const all = Array.from({ length: 30 }, (_, at) => get(pop, path, at % 3 === 0 ? bearer(good) : {}));
      for (const [at, answer] of (await Promise.all(all)).entries()) {
        if (at % 3 !== 0) await isRefused(answer, `waiting at ${pop}`);
        else expect([answer.status, (await answer.bytes()).length]).toEqual([200, expect.any(Number)]);
      }
    }
  });

  test('cannot be told from what there is not', async () => {
    const told = async (pop: string, name: string, headers: Record<string, string>) => {
      const answer = await get(pop, `/npm/${name}`, headers);
      const { requestId: _, ...body } = Object(await answer.json());
      const fields = [...answer.headers].filter(([field]) => !varying.has(field));
      return JSON.stringify([answer.status, body, fields]);
    };
    const paths = (name: string) => [
      name,
      `${name}/1.0.0`,
      `${name}?write=true`,
      `${name}/-/${name.slice(6)}-1.0.0.tgz`,
      `-/package/${encodeURIComponent(name)}/dist-tags`,
      `-/package/${encodeURIComponent(name)}/visibility`,
      `-/package/${encodeURIComponent(name)}/collaborators`,
    ];
    for (const [who, headers] of unfit) {
      const [there, missing] = [paths(secretName), paths('@acme/absent')];
      for (const [at, path] of there.entries()) {
        const [one, other] = await Promise.all([
          told('plain', path, headers),
          told('plain', missing[at] ?? '', headers),
        ]);
        expect([who, one.replaceAll(secretName, '<name>')]).toEqual([
          who,
          other.replaceAll('@acme/absent', '<name>'),
        ]);
      }
    }
    expect((await get('plain', '/npm/@acme/absent', bearer(good))).status).toBe(404);
  });

  test('is in no list for those who may not read it', async () => {
    const found = async (headers: Record<string, string>) =>
      (await get('plain', '/npm/-/v1/search?text=acme', headers)).text();
    expect(await found(bearer(good))).toContain(secretName);
    for (const [who, headers] of unfit)
      expect([who, (await found(headers)).includes(secretName)]).toEqual([who, false]);
  });

  test('is purged by nobody', async () => {
    for (const [, headers] of unfit)
      for (const method of ['PURGE', 'DELETE', 'PUT', 'POST']) {
        const answer = await get('plain', `/npm/${secretName}`, headers, method);
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(await answer.text()).not.toContain('integrity');
      }
  });

  test('is not for others while it is stale', async () => {
    for (const pop of ['plain', 'shared'] as const) {
      await warm(pop, 'stale');
      await network.node('shield').stop();
      try {
        const age = async () => {
          const answer = await get(pop, '/closed/stale', bearer(good));
          return Number(answer.headers.get('age')) > 1 && (await answer.text()).includes('secret text');
        };
        await eventually('the page to be stale', age);
        // Of a token that is not known here, nobody can be asked.
        await nobodyElseGets(pop, 'stale', [401, 403, 502, 503, 504]);
      } finally {
        await network.node('shield').restart();
      }
    }
  }, 60_000);

  test('and the API are kept by no cache', async () => {
    const path = '/.meridian/v1/tokens';
    const answer = await get('plain', path, bearer(admin));
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(answer.headers.get('cache-status')).not.toContain('stored');
    for (const [who, headers] of unfit) {
      const refused = await get('plain', path, headers);
      expect([who, [401, 403].includes(refused.status)]).toEqual([who, true]);
      expect(await refused.text()).not.toContain('createdMs');
    }
  });
});

describe.skipIf(!canRun)('a token', () => {
  const inWays = (token: string): Record<string, Record<string, string>> => ({
    'as a bearer': bearer(token),
    'as a password': { authorization: `Basic ${btoa(`x:${token}`)}` },
    'as a password with a line break': { authorization: `Basic ${btoa(`x:${token}\n`)}` },
    'as one of two': { authorization: `Basic ${btoa(`x:${token}`)}, Bearer other` },
    'as a key': { 'x-api-key': token },
    'in a cookie': { cookie: `session=${token}` },
    'for a proxy': { 'proxy-authorization': `Basic ${btoa(`x:${token}`)}` },
    'in a field of others': { 'private-token': token, 'x-auth': btoa(`{"token":"${token}"}`) },
    mistyped: bearer(`${token.slice(0, -2)}~~`),
  });

  test('goes to no upstream, in whatever field it is', async () => {
    upstream.forget();
    for (const [way, headers] of Object.entries(inWays(good)))
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS'])
        await get('plain', `/open/${encodeURIComponent(way)}?${method}`, headers, method);
    expect(upstream.count()).toBeGreaterThan(20);
    const parts = [
      good.slice(4, 30),
      ...[0, 1, 2].map((shift) => btoa(`${'x'.repeat(shift)}${good}`).slice(8, 40)),
    ];
    for (const { target, headers, body } of upstream.requests()) {
      const text = `${target} ${JSON.stringify([...headers])} ${body}`;
      expect(parts.filter((part) => text.includes(part))).toEqual([]);
    }
  });

  test('is not taken from the address, and goes nowhere from there', async () => {
    upstream.forget();
    for (const path of ['/closed/x', '/open/x'])
      for (const query of [
        `?token=${good}`,
        `?q=${good}`,
        `/${good}`,
        `?_authToken=${good.replace('_', '%5F')}`,
      ]) {
        const answer = await get('plain', path + query);
        expect([path, answer.status]).toEqual([path, path === '/open/x' ? 400 : 401]);
        await answer.text();
      }
    expect(upstream.count()).toBe(0);
  });

  test('that an upstream varies by is none of its business', async () => {
    upstream.forget();
    const first = await get('plain', '/open/varied', bearer(good));
    await first.text();
    const second = await get('plain', '/open/varied', bearer(admin));
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(upstream.count()).toBe(1);
  });

  test('is written down nowhere: no log, no store, no copy', async () => {
    for (const pop of pops) await network.node(pop).stop();
    await network.node('shield').stop();
    const texts = [...writtenIn(network.dir), ...(await writtenInRedis(redis.url))];
    expect(texts.length).toBeGreaterThan(10);
    for (const [where, text] of texts)
      for (const token of made)
        expect([
          where,
          text.includes(token.slice(4, 36)),
          text.includes(btoa(`x:${token}`).slice(8, 40)),
        ]).toEqual([where, false, false]);
  }, 30_000);
});
