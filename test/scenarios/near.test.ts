/**
 * What a worker hands over again and again it keeps near, as a copy, and answers from its own memory, whatever worker the client
 * has come to. What holds for the response where it is owned holds for its copies.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { controlClient } from '../../src/control/client.ts';
import { readNodeFile } from '../../src/control/node-file.ts';
import { parseCacheStatus } from '../../src/http/cache-status.ts';
import { npm, web } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  eventually,
  freePort,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { publication } from '../support/publication.ts';

const workers = 3;
/** So many answers in a row are from the memory of whoever was asked: by chance that does not happen. */
const inARow = 30;

let upstream: Upstream;
let network: TestNetwork;
let edition = 1;

beforeAll(async () => {
  upstream = await startUpstream(({ method, path }) => {
    if (method === 'PUT') {
      edition++;
      return { status: 204 };
    }
    const lifetime = path.startsWith('/short') ? 1 : 600;
    const secrecy = path.startsWith('/private') ? 'private, ' : '';
    return {
      headers: {
        'cache-control': `${secrecy}max-age=${lifetime}`,
        'cache-tag': `all, ${path.slice(1)}`,
        etag: `"${path} ${edition}"`,
        vary: 'accept-language',
      },
      body: `edition ${edition} of ${path} ${'x'.repeat(path.startsWith('/long') ? 300_000 : 0)}`,
    };
  });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      pop: { role: 'pop', parents: ['origin'], workers },
    },
    routes: [
      web({ name: 'closed', match: { path: '/closed' }, access: 'closed', upstream: upstream.url }),
      npm({ name: 'npm', match: { path: '/npm' }, upstreams: [], hosted: { scopes: ['@acme'] } }),
      web({ upstream: upstream.url }),
    ],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
}, 30_000);

interface Seen {
  readonly status: number;
  readonly text: string;
  /** How this PoP came to its answer: the last worker's own account. */
  readonly detail: string;
}

/** Each time over a connection of its own, which the system gives to one of the workers. */
async function look(path: string, init: RequestInit = {}, url = network.url('pop')): Promise<Seen> {
  const response = await fetch(url + path, { ...init, keepalive: false });
  const detail = parseCacheStatus(response.headers.get('cache-status') ?? '').at(-1)?.detail ?? '';
  return { status: response.status, text: await response.text(), detail };
}

async function looks(path: string, init: RequestInit = {}): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  while (seen.length < inARow) seen.push(await look(path, init));
  return seen;
}

/** Asks until every worker answers from its own memory. Tells how often it asked. */
async function everywhere(path: string, init: RequestInit = {}): Promise<number> {
  let asked = 0;
  await eventually(
    'an answer from each worker’s own memory',
    async () => {
      const details = new Set((await looks(path, init)).map(({ detail }) => detail));
      asked += inARow;
      return [...details].toSorted().join() === 'memory,replica';
    },
    { withinMs: 20_000 },
  );
  return asked;
}

async function status(node = 'pop') {
  const { memory, ring, hot } = await network.node(node).status();
  const { copies, copyBytes } = memory as unknown as { copies: number; copyBytes: number };
  return { copies, copyBytes, copied: (ring as unknown as { copied: number }).copied, hot };
}

async function control(node = 'pop', of = network) {
  const file = await readNodeFile(join(of.dir, 'data', node));
  return controlClient(file!.control, of.secret, systemClock);
}

describe('what is asked for again', () => {
  test('is answered by every worker from its own memory after a few requests, and comes from the upstream once', async () => {
    for (const path of ['/few', '/long']) {
      const asked = await everywhere(path);
      expect(asked).toBeLessThanOrEqual(4 * inARow);
      expect(upstream.count(path)).toBe(1);
      for (const { text } of await looks(path))
        expect(text).toBe(`edition 1 of ${path} ${'x'.repeat(path === '/long' ? 300_000 : 0)}`);
    }
    const { copies, copyBytes, copied, hot } = await status();
    expect([copies, copied, hot]).toEqual([2 * (workers - 1), 2 * (workers - 1), []]);
    expect(copyBytes).toBeGreaterThan(2 * 300_000);
    const isLogged = () =>
      network
        .node('pop')
        .asked()
        .some(({ outcome }) => outcome === 'hit-replica');
    await eventually('the access log to say so', isLogged);
  }, 60_000);

  test('is so in each variant, by what it is selected by', async () => {
    for (const language of ['en', 'fr'])
      await everywhere('/varied', { headers: { 'accept-language': language } });
    expect(upstream.count('/varied')).toBe(2);
  }, 60_000);

  test('is what a crawler does not do: nothing is copied for it', async () => {
    const { copied } = await status();
    for (let which = 0; which < 300; which++) await look(`/crawled-${which}`);
    expect((await status()).copied).toBe(copied);
  }, 30_000);

  test('and is private is never copied', async () => {
    for (let time = 0; time < 3 * inARow; time++) expect((await look('/private')).detail).not.toBe('replica');
    expect(upstream.count('/private')).toBe(3 * inARow);
  }, 30_000);

  test('and expires is asked of its owner again, which asks the parent once for all', async () => {
    const startMs = performance.now();
    const details = new Set<string>();
    const { copied } = await status();
    let asked = 0;
    while (performance.now() - startMs < 4_000) {
      details.add((await look('/short')).detail);
      asked++;
    }
    const seconds = (performance.now() - startMs) / 1000 + 1;
    expect(details).toContain('replica');
    expect(upstream.count('/short')).toBeLessThanOrEqual(seconds);
    // Once for each time that it expires, at each of the others, and at most once for three requests handed over.
    const taken = (await status()).copied - copied;
    expect(taken).toBeLessThanOrEqual(Math.min(seconds * (workers - 1), asked / 3));
  }, 30_000);
});

describe('a copy is gone', () => {
  const ways = [
    { by: 'tag', tag: 'purged' },
    { by: 'url', url: '/purged' },
  ] as const;

  test('after a purge of any kind, and does not come back', async () => {
    const client = await control();
    for (const how of [{ waitMs: 10_000 }, { here: true }]) {
      for (const way of ways) {
        await everywhere('/purged');
        edition++;
        const target = way.by === 'url' ? { ...way, url: network.url('pop') + way.url } : way;
        // At the PoP alone, the origin would still have the old one.
        if ('here' in how) await (await control('origin')).purge({ targets: [target], here: true });
        expect('reasons' in (await client.purge({ targets: [target], ...how }))).toBe(false);
        for (const { text } of await looks('/purged')) expect(text).toStartWith(`edition ${edition} `);
      }
    }
  }, 60_000);

  test('after a soft purge, which leaves nothing fresh anywhere', async () => {
    await everywhere('/soft');
    edition++;
    await (await control()).purge({ targets: [{ by: 'tag', tag: 'soft' }], soft: true, waitMs: 10_000 });
    for (const { text } of await looks('/soft')) expect(text).toStartWith(`edition ${edition} `);
    await everywhere('/soft');
  }, 60_000);

  test('once a client has changed what it is a copy of', async () => {
    await everywhere('/edited');
    for (let round = 0; round < 20; round++) {
      expect((await look('/edited', { method: 'PUT', body: 'x' })).status).toBe(204);
      for (let count = 0; count < 8; count++)
        expect((await look('/edited')).text).toStartWith(`edition ${edition} `);
    }
    await everywhere('/edited');
  }, 60_000);
});

describe('what not everybody may have', () => {
  test('is refused from a copy to all others, at each request', async () => {
    const origin = network.node('origin');
    const everything = { actions: ['read', 'publish'], routes: ['*'], subjects: ['*'] } as const;
    const { token, id } = await tokenFor(origin, 'alice', [
      { ...everything, actions: [...everything.actions] },
    ]);
    const { token: without } = await tokenFor(origin, 'bob', []);
    const good = bearer(token);
    const secret = '@acme/secret';
    await eventually('a package that some only may have', async () => {
      const body = JSON.stringify(publication(secret, '1.0.0', { access: 'restricted' }));
      return (await look(`/npm/${secret}`, { method: 'PUT', headers: good, body })).status === 201;
    });
    const paths = ['/closed/page', `/npm/${secret}`, `/npm/${secret}/-/secret-1.0.0.tgz`];
    const refused = async (headers: Record<string, string>) => {
      for (const path of paths) {
        for (const { status, text } of await looks(path, { headers })) {
          expect([401, 403, 404]).toContain(status);
          expect(text).not.toContain('edition');
          expect(text).not.toContain('1.0.0');
        }
      }
    };
    for (const path of paths) await everywhere(path, { headers: good });
    for (const headers of [{}, bearer('mrd_wrong'), bearer(without)]) await refused(headers);
    for (const path of paths)
      for (const { status } of await looks(path, { headers: good })) expect(status).toBe(200);
    await origin.api('DELETE', `/tokens/${id}`);
    await eventually('all workers to hear that the token is revoked', async () => {
      const seen = await looks(paths[0]!, { headers: good });
      return seen.every(({ status }) => status === 401);
    });
    await refused(good);
  }, 60_000);
});

describe('a ring of two machines', () => {
  test('keeps copies, too, and purges them at both', async () => {
    const pop = async () => ({
      role: 'pop' as const,
      parents: ['origin'],
      ring: { name: 'lhr', port: await freePort() },
    });
    const nodes = { origin: { role: 'origin' as const }, 'lhr-1': await pop(), 'lhr-2': await pop() };
    await using both = await startNetwork({ nodes, routes: [web({ upstream: upstream.url })] });
    const names = ['lhr-1', 'lhr-2'];
    const seen = () => Promise.all(names.map((node) => look('/far', {}, both.url(node))));
    const inBothMemories = async () =>
      (await seen())
        .map(({ detail }) => detail)
        .toSorted()
        .join() === 'memory,replica';
    await eventually('an answer from both memories', inBothMemories, { withinMs: 20_000 });
    const asked = upstream.count('/far');
    for (let round = 0; round < 3; round++) {
      edition++;
      await (await control('lhr-1', both)).purge({ targets: [{ by: 'tag', tag: 'far' }], waitMs: 10_000 });
      for (const { text } of await seen()) expect(text).toStartWith(`edition ${edition} `);
      await eventually('an answer from both memories', inBothMemories, { withinMs: 20_000 });
    }
    expect(upstream.count('/far')).toBe(asked + 3);
  }, 60_000);
});
