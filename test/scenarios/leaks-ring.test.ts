/**
 * What some only may have, at a PoP of two machines with two workers each, at a sibling of it, over HTTP/2 and HTTP/3: wherever a copy
 * is, and whoever hands the request on, it is for those alone who may read it. And what stops being public, stops at once.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Right } from '../../src/identity.ts';
import { npm, peer, web } from '../../src/index.ts';
import { hopField, signHop } from '../../src/ring/hop.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { makeCertificate, noOpenssl } from '../support/certificate.ts';
import {
  eventually,
  freePorts,
  noise,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { available } from '../support/needs.ts';
import { publication } from '../support/publication.ts';
import { temporary } from '../support/temporary.ts';

const canDoTls = available('openssl', noOpenssl);
const everything: Right = { actions: ['read', 'publish', 'delete', 'admin'], routes: ['*'], subjects: ['*'] };
const reading: Right = { actions: ['read'], routes: ['*'], subjects: ['*'] };
const elsewhere: Right = { actions: ['read'], routes: ['public'], subjects: ['*'] };
const secretText = `the secret text ${noise('secret', 100_000)}`;
const secretName = '@acme/secret';
const turnedName = '@acme/turned';

const thresholds = {
  ...{ perSecond: 40, viralPerSecond: 1_000_000, risingFromPerSecond: 1_000_000, cpuPercent: 1000 },
  ...{ everyS: 1, keepS: 5, replicasAtLeast: 4, replicasAtMost: 4 },
};

const folder = temporary('leaks-ring');
let upstream: Upstream;
let network: TestNetwork;
let ringPorts: readonly number[];
let tlsPort: number;
let admin: string;
let good: string;
let inOffice: string;
const unfit = new Map<string, Record<string, string>>();

beforeAll(async () => {
  upstream = await startUpstream(({ target }) => ({
    headers: {
      'cache-control': 'max-age=600',
      'content-type': 'text/plain',
      'access-control-allow-origin': '*',
      'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT',
      etag: '"secret-tag"',
    },
    body: target.endsWith('/large') ? secretText.repeat(60) : `${target} ${secretText}`,
  }));
  ringPorts = [await freePorts(2), await freePorts(2)];
  const certificate = canDoTls ? await makeCertificate(folder.path) : null;
  const member = (port = 0) => ({
    ...{
      role: 'pop' as const,
      parents: ['shield'],
      workers: 2,
      trustedProxies: ['127.0.0.1'],
      hot: thresholds,
    },
    ring: { name: 'lhr', port, checkMs: 250, goneS: 5 },
  });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      one: member(ringPorts[0]),
      two: member(ringPorts[1]),
      twin: {
        ...{ role: 'pop', parents: [peer('one'), 'shield'] },
        ...(certificate && { tierDoor: { tls: certificate, http2: true, http3: true } }),
      },
    },
    routes: [
      web({
        name: 'closed',
        match: { path: '/closed' },
        access: 'closed',
        upstream: `${upstream.url}/closed`,
      }),
      npm({ name: 'npm', match: { path: '/npm' }, upstreams: [], hosted: { scopes: ['@acme'] } }),
      web({ name: 'public', upstream: upstream.url }),
    ],
  });
  const { default: written } = await import(network.configFile);
  tlsPort = written.nodes.twin.listen[0].port;
  const origin = network.node('origin');
  admin = (await tokenFor(origin, 'root', [everything])).token;
  good = (await tokenFor(origin, 'reader', [reading])).token;
  const addresses = ['192.0.2.0/24'];
  inOffice = (await tokenFor(origin, 'reader', [], { addresses })).token;
  const revoked = await tokenFor(origin, 'reader', []);
  await origin.api('DELETE', `/tokens/${revoked.id}`);
  unfit.set('nobody', {});
  unfit.set('a revoked token', bearer(revoked.token));
  unfit.set('a token for another route', bearer((await tokenFor(origin, 'other', [elsewhere])).token));
  unfit.set('a token of another place', bearer(inOffice));
  unfit.set('a token of another place, which is claimed', {
    ...bearer(inOffice),
    ...{ 'x-forwarded-for': '192.0.2.1, 203.0.113.9', forwarded: 'for=192.0.2.1', 'x-real-ip': '192.0.2.1' },
  });
  unfit.set('fields between members', {
    [hopField]: 'one 1 id 192.0.2.1 http://x - AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    ...{ 'meridian-tier': 'shield npm 1 f x', 'meridian-sibling': 'one', connection: 'meridian-hop' },
  });
  for (const [name, access] of [
    [secretName, 'restricted'],
    [turnedName, 'public'],
  ] as const) {
    const answer = await fetch(`${network.url('one')}/npm/${name}`, {
      method: 'PUT',
      headers: bearer(admin),
      body: JSON.stringify(publication(name, '1.0.0', { access, textBytes: 100_000 })),
    });
    expect([answer.status, await answer.text()]).toEqual([201, expect.any(String)]);
  }
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
  folder[Symbol.dispose]();
}, 30_000);

const pops = ['one', 'two', 'twin'] as const;
const secrets: readonly string[] = [
  '/closed/page',
  '/closed/large',
  `/npm/${secretName}`,
  `/npm/${secretName}/latest`,
  `/npm/${secretName}/-/secret-1.0.0.tgz`,
];
const ways: Record<string, Record<string, string>> = {
  plainly: {},
  'for a part': { range: 'bytes=0-9' },
  'for parts, if it is the same': { range: 'bytes=0-1,5-6', 'if-range': '"secret-tag"' },
  'with its tag': { 'if-none-match': '"secret-tag", *' },
  'whether it is another': { 'if-match': '"another"' },
  compressed: { 'accept-encoding': 'br, gzip' },
  'of caches only': { 'cache-control': 'only-if-cached, max-stale=9999' },
  anew: { 'cache-control': 'no-cache' },
  'from another site': { origin: 'https://evil.example', cookie: 'a=b' },
  'to be upgraded': {
    upgrade: 'websocket',
    connection: 'upgrade',
    'sec-websocket-key': 'AAAA',
    'sec-websocket-version': '13',
  },
};

const telling = [
  ...[
    'etag',
    'last-modified',
    'accept-ranges',
    'content-range',
    'repr-digest',
    'age',
    'vary',
    'content-encoding',
  ],
  ...[
    'meridian-access',
    'meridian-hop',
    'meridian-cdn-cache-control',
    'access-control-allow-origin',
    'allow',
  ],
];

type Init = Parameters<typeof fetch>[1];

/** Over a connection of its own, which the system gives to any worker. */
const get = (pop: string, path: string, headers: Record<string, string> = {}, init: Init = {}) =>
  fetch(network.url(pop) + path, { headers, keepalive: false, ...init });

async function isRefused(answer: Response, what: readonly string[]): Promise<void> {
  const text = await answer.text();
  const told = telling.filter((name) => answer.headers.has(name));
  const status = [401, 403].includes(answer.status) ? 'refused' : answer.status;
  const hit = answer.headers.get('cache-status')?.includes(';hit') ?? false;
  expect({ what, status, told, hit }).toEqual({ what, status: 'refused', told: [], hit: false });
  for (const secret of ['secret text', 'integrity', 'dist-tags', '1.0.0"'])
    expect(text).not.toContain(secret);
}

async function nobodyElseGets(pop: string, paths = secrets): Promise<void> {
  for (const path of paths)
    for (const [who, credential] of unfit)
      await Promise.all(
        Object.entries(ways).flatMap(([way, fields]) =>
          ['GET', 'HEAD'].map(async (method) =>
            isRefused(await get(pop, path, { ...fields, ...credential }, { method }), [
              method,
              path,
              way,
              who,
              pop,
            ]),
          ),
        ),
      );
}

async function warm(pop: string, paths = secrets): Promise<void> {
  for (const path of paths)
    for (const _ of [1, 2, 3, 4]) {
      const answer = await get(pop, path, bearer(good));
      expect([pop, path, answer.status]).toEqual([pop, path, 200]);
      await answer.bytes();
    }
}

describe('what some only may have', () => {
  for (const pop of pops)
    test(`is not for others at ${pop}, before anybody has it and when it is at any member`, async () => {
      await nobodyElseGets(pop);
      await warm(pop);
      await nobodyElseGets(pop);
    }, 60_000);

  test('is not for others while every worker has a copy of its own', async () => {
    const path = `/npm/${secretName}/latest`;
    const seen = new Set<string>();
    let isOver = false;
    const client = async () => {
      while (!isOver) {
        const answer = await get('one', path, bearer(good));
        if (answer.headers.get('cache-status')?.includes('detail=replica')) seen.add('replica');
        await answer.bytes();
      }
    };
    const flood = Promise.all([client(), client(), client()]);
    await eventually('a copy at a worker that does not own it', () => seen.has('replica'), {
      withinMs: 20_000,
    });
    for (const pop of ['one', 'two']) await nobodyElseGets(pop, [path]);
    isOver = true;
    await flood;
    await nobodyElseGets('one', [path]);
  }, 60_000);

  test('is for a token of one place from there alone, by the word of the proxies in front and of no client', async () => {
    for (const [forwarded, status] of [
      ['192.0.2.1', 200],
      ['203.0.113.9, 192.0.2.1', 200],
      ['192.0.2.1, 203.0.113.9', 401],
      ['192.0.2.1, unknown', 401],
      ['', 401],
    ] as const)
      for (const pop of ['one', 'two'])
        for (const path of secrets)
          for (const _ of [1, 2, 3]) {
            const answer = await get(pop, path, { ...bearer(inOffice), 'x-forwarded-for': forwarded });
            await answer.bytes();
            expect([forwarded, pop, path, answer.status]).toEqual([forwarded, pop, path, status]);
          }
  }, 30_000);

  test('is handed over to members alone', async () => {
    const path = '/closed/page';
    const hop = { from: 'one.1', id: 'x', client: '127.0.0.1', base: network.url('one'), added: [] };
    const now = Date.now();
    const forged: Record<string, string> = {
      'another secret': signHop('x'.repeat(32), hop, 'GET', path, now),
      'another target': signHop(network.secret, hop, 'GET', '/other', now),
      'another method': signHop(network.secret, hop, 'HEAD', path, now),
      'another time': signHop(network.secret, hop, 'GET', path, now - 120_000),
    };
    for (const port of ringPorts.flatMap((first) => [first, first + 1])) {
      for (const [what, value] of Object.entries(forged))
        for (const headers of [{ [hopField]: value }, { [hopField]: value, ...bearer(good) }]) {
          const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
          expect([what, answer.status, (await answer.text()).includes('secret text')]).toEqual([
            what,
            403,
            false,
          ]);
        }
      // And a member that hands over a request of somebody who may not gets nothing either.
      const genuine = { [hopField]: signHop(network.secret, hop, 'GET', path, Date.now()) };
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: genuine });
      expect([answer.status, (await answer.text()).includes('secret text')]).toEqual([401, false]);
    }
  });

  test.skipIf(!canDoTls)(
    'is not for others over HTTP/2 and HTTP/3',
    async () => {
      const tls = { rejectUnauthorized: false };
      for (const protocol of ['http1.1', 'http2', 'http3'] as const)
        for (const path of secrets) {
          const url = `https://127.0.0.1:${tlsPort}${path}`;
          const answer = await fetch(url, { tls, protocol, headers: bearer(good) });
          expect([protocol, path, answer.status]).toEqual([protocol, path, 200]);
          await answer.bytes();
          for (const [who, credential] of unfit)
            for (const way of ['plainly', 'for a part', 'with its tag', 'of caches only'])
              for (const method of ['GET', 'HEAD']) {
                const { connection: _, ...headers } = { connection: '', ...ways[way], ...credential };
                await isRefused(await fetch(url, { tls, protocol, method, headers }), [
                  protocol,
                  method,
                  path,
                  way,
                  who,
                ]);
              }
        }
    },
    60_000,
  );

  test('is not had by another method, another spelling, or a preflight', async () => {
    const spellings = [
      ...['//closed/page', '/closed%2fpage', '/x/..%2fclosed/page', '/%63losed/page', '/%2563losed/page'],
      ...[
        '/x/../closed/page',
        '/x/%2e%2e/closed/page',
        '/closed;v=1/page',
        '/x%5c..%5cclosed/page',
        '/./closed/page',
      ],
      ...[
        `/npm//${secretName}`,
        `/npm/%40acme%2fsecret`,
        `/npm/x/../${secretName}`,
        `/npm/${secretName}/?a=b`,
      ],
      ...[`/npm/${secretName}?write=true`, '/npm/@ACME/secret', `/npm/@acme/secret/-/@acme/secret-1.0.0.tgz`],
    ];
    for (const pop of pops)
      for (const path of [...secrets, ...spellings])
        for (const method of ['GET', 'HEAD', 'OPTIONS', 'PROPFIND', 'QUERY', 'POST', 'PURGE', 'TRACE']) {
          const headers = {
            ...{ origin: 'https://evil.example', 'access-control-request-method': 'GET' },
            ...{
              'x-http-method-override': 'GET',
              'x-original-url': '/closed/page',
              'x-rewrite-url': '/closed/page',
            },
          };
          const answer = await get(pop, path, headers, { method }).catch((error) => String(error));
          // Methods that the runtime does not know lose their connection.
          if (typeof answer === 'string') continue;
          const text = await answer.text();
          const isTold = text.includes('secret text') || text.includes('integrity');
          expect([pop, method, path, answer.status >= 400, isTold]).toEqual([pop, method, path, true, false]);
        }
  }, 60_000);
});

test('what stops being public is nobody else’s at once, wherever it was', async () => {
  const paths = [`/npm/${turnedName}`, `/npm/${turnedName}/latest`, `/npm/${turnedName}/-/turned-1.0.0.tgz`];
  const tags = new Map<string, string>();
  for (const pop of pops)
    for (const path of paths)
      for (const _ of [1, 2, 3, 4]) {
        const answer = await get(pop, path);
        expect([pop, path, answer.status]).toEqual([pop, path, 200]);
        await answer.bytes();
        tags.set(path, answer.headers.get('etag') ?? '');
      }
  let isOver = false;
  /** Of what was asked for after the change was acknowledged. */
  const late: string[] = [];
  let isTurned = false;
  const client = async (pop: string, path: string) => {
    while (!isOver) {
      const isLate = isTurned;
      const answer = await get(pop, path, {
        'if-none-match': Math.random() < 0.5 ? (tags.get(path) ?? '') : '"x"',
      });
      await answer.bytes();
      if (isLate && ![401, 403].includes(answer.status)) late.push(`${answer.status} ${path} at ${pop}`);
    }
  };
  const flood = Promise.all(pops.flatMap((pop) => paths.map((path) => client(pop, path))));
  const turned = await fetch(`${network.url('two')}/npm/-/package/${encodeURIComponent(turnedName)}/access`, {
    method: 'POST',
    headers: bearer(admin),
    body: JSON.stringify({ access: 'restricted' }),
  });
  expect([turned.status, await turned.json()]).toEqual([200, { public: false }]);
  isTurned = true;
  for (const pop of pops) await nobodyElseGets(pop, paths);
  isOver = true;
  await flood;
  expect(late).toEqual([]);
  for (const pop of pops) await warm(pop, paths);
}, 60_000);
