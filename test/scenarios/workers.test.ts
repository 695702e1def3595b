/**
 * A PoP of several workers is one cache: what one of them keeps is asked for there, whichever worker a client has come
 * to. A worker that dies takes its own connections with it and nothing else.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { controlClient } from '../../src/control/client.ts';
import { readNodeFile } from '../../src/control/node-file.ts';
import { parseCacheStatus } from '../../src/http/cache-status.ts';
import { request } from '../../src/http/client.ts';
import { web } from '../../src/index.ts';
import {
  eventually,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

const workers = 3;
const timeouts = { firstByteMs: 20_000, betweenBytesMs: 20_000 };
let upstream: Upstream;
let network: TestNetwork;
/** What the upstream holds a cold answer back for. */
let held: Promise<void> = Promise.resolve();
let edition = 1;

/** Of 100 bytes to 100 kB, and different for each path. */
function bodyOf(path: string): string {
  const size = 100 + (Number(Bun.hash.crc32(path)) % 100_000);
  return `${path} `.repeat(Math.ceil(size / (path.length + 1)));
}

beforeAll(async () => {
  upstream = await startUpstream(async ({ method, path }) => {
    if (method === 'PUT') {
      edition++;
      return { status: 204 };
    }
    if (path.startsWith('/cold')) await held;
    const body = path.startsWith('/edited') ? `edition ${edition}` : bodyOf(path);
    return { headers: { 'cache-control': 'max-age=600', 'cache-tag': 'all' }, body };
  });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      // Without copies, which would do without hops (`near.test.ts`).
      pop: { role: 'pop', parents: ['origin'], workers, cacheStatusKey: true, hot: { nearRequests: 0 } },
    },
    routes: [web({ upstream: upstream.url })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
}, 30_000);

/** Each time over a connection of its own, which the system gives to one of the workers. */
async function ask(path: string, init: RequestInit = {}): Promise<Response & { body: unknown }> {
  return fetch(network.url('pop') + path, { ...init, keepalive: false });
}

/** Asks until a worker has answered that keeps the path itself, and one that does not. */
async function askBothWays(path: string, init: RequestInit = {}): Promise<readonly Response[]> {
  const found = new Map<boolean, Response>();
  await eventually('an answer of either kind', async () => {
    const response = await ask(path, init);
    found.set(isRelayed(response), response);
    return found.size === 2;
  });
  return [found.get(false)!, found.get(true)!];
}

function isRelayed({ headers }: Response): boolean {
  const members = parseCacheStatus(headers.get('cache-status') ?? '');
  return members.at(-1)?.detail?.startsWith('owner:') ?? false;
}

async function control() {
  const file = await readNodeFile(join(network.dir, 'data', 'pop'));
  return controlClient(file!.control, network.secret, systemClock);
}

async function pids(): Promise<number[]> {
  const { workers: all = [] } = await network.node('pop').status();
  return all.flatMap(({ pid }) => (typeof pid === 'number' ? [pid] : []));
}

describe('a PoP of several workers', () => {
  test('asks its parent once for what a thousand clients want at the same moment', async () => {
    const release = Promise.withResolvers<void>();
    held = release.promise;
    const asked = Array.from({ length: 1_000 }, async () => {
      const options = {
        method: 'GET',
        headers: new Headers({ connection: 'close' }),
        timeouts,
        clock: systemClock,
      };
      const { signal } = new AbortController();
      const { status, body } = await request(`${network.url('pop')}/cold/one`, {
        ...options,
        signal,
        direct: true,
      });
      return `${status} ${await new Response(body).text()}`;
    });
    await eventually('the upstream to be asked', () => upstream.count('/cold/one') > 0);
    const seen = await network.during(async () => {
      release.resolve();
      return new Set(await Promise.all(asked));
    });
    expect([...seen.result]).toEqual([`200 ${bodyOf('/cold/one')}`]);
    expect(upstream.count('/cold/one')).toBe(1);
    // Not even the origin was asked twice.
    expect(seen.asked('origin')).toHaveLength(1);
    const { workers: all = [], requests } = await network.node('pop').status();
    expect(all).toHaveLength(workers);
    // The system spreads connections: without several workers at work, this would show nothing.
    const handed = all.map(({ ring }) => (ring as { relayed: number }).relayed);
    expect(handed.filter((count) => count > 0)).toHaveLength(workers - 1);
    expect(requests).toBeGreaterThanOrEqual(1_000);
  }, 30_000);

  test('answers alike, whichever worker is asked', async () => {
    const paths = Array.from({ length: 100 }, (_, at) => `/alike/${at}`);
    const path = paths.find((each) => bodyOf(each).length < 50_000)!;
    for (const init of [{}, { method: 'HEAD' }, { headers: { range: 'bytes=10-29' } }]) {
      const [own, relayed] = await askBothWays(path, init);
      expect(relayed!.status).toBe(own!.status);
      expect(await relayed!.text()).toBe(await own!.text());
      for (const name of ['etag', 'content-length', 'content-range', 'content-type', 'vary'])
        expect([name, relayed!.headers.get(name)]).toEqual([name, own!.headers.get(name)]);
    }
    const { headers } = await ask(path);
    const etag = headers.get('etag');
    const again = await askBothWays(path, { headers: { 'if-none-match': etag ?? '*' } });
    expect(again.map(({ status }) => status)).toEqual([304, 304]);
    expect(upstream.count(path)).toBe(1);
    // One that is longer than 64 KiB streams, and then has no length of its own.
    const long = paths.find((each) => bodyOf(each).length > 70_000)!;
    for (const response of await askBothWays(long)) expect(await response.text()).toBe(bodyOf(long));
  });

  test('has small hits of other workers without HTTP, and each of them is counted once', async () => {
    await (await ask('/framed')).text();
    await askBothWays('/framed');
    const before = await network.node('pop').status();
    for (let at = 0; at < 30; at++) expect(await (await ask('/framed')).text()).toBe(bodyOf('/framed'));
    const after = await network.node('pop').status();
    const handed = (of: typeof before) => of.ring as { relayed: number; framed: number };
    expect(handed(after).framed - handed(before).framed).toBeGreaterThan(0);
    expect(handed(after).framed - handed(before).framed).toBe(handed(after).relayed - handed(before).relayed);
    expect([after.requests - before.requests, after.hits - before.hits]).toEqual([30, 30]);
    expect(upstream.count('/framed')).toBe(1);
  });

  test('keeps each response once', async () => {
    const paths = Array.from({ length: 30 }, (_, at) => `/once/${at}`);
    for (const path of [...paths, ...paths, ...paths])
      expect(await (await ask(path)).text()).toBe(bodyOf(path));
    for (const path of paths) expect(upstream.count(path)).toBe(1);
    const { memory } = await network.node('pop').status();
    expect(memory.entries).toBe(4 + paths.length);
  });

  test('logs each request once, with what the worker knows that keeps it', async () => {
    const seen = await network.during(() => askBothWays('/logged'));
    const logged = seen.asked('pop').filter(({ target }) => target === '/logged');
    expect(new Set(logged.map(({ outcome }) => outcome))).toEqual(new Set(['miss', 'hit']));
    expect(new Set(logged.map(({ client }) => client))).toEqual(new Set(['127.0.0.1']));
  });

  test('forgets at every worker what a request has changed', async () => {
    const first = await askBothWays('/edited');
    expect(await first[1]!.text()).toBe('edition 1');
    for (let next = 2; next < 8; next++) {
      expect((await ask('/edited', { method: 'PUT', body: 'x' })).status).toBe(204);
      expect(await (await ask('/edited')).text()).toBe(`edition ${next}`);
    }
  });

  test('purges at every worker, by way of the bus or alone', async () => {
    const paths = Array.from({ length: 20 }, (_, at) => `/purged/${at}`);
    const client = await control();
    for (const [round, how] of [{ waitMs: 10_000 }, { here: true }].entries()) {
      for (const path of paths) await (await ask(path)).text();
      const done = await client.purge({ targets: [{ by: 'tag', tag: 'all' }], ...how });
      expect('reasons' in done).toBe(false);
      if ('applied' in done) {
        const own = Object.keys(done.applied?.nodes ?? {}).filter((name) => name.startsWith('pop'));
        expect(own.toSorted()).toEqual(['pop.1', 'pop.2', 'pop.3']);
      }
      for (const path of paths)
        expect((await ask(path)).headers.get('cache-status')).not.toContain('pop;hit');
      if (round === 0) for (const path of paths) expect(upstream.count(path)).toBe(2);
    }
  });
});

interface Outcome {
  readonly answered: number;
  readonly failed: readonly string[];
  readonly wrong: readonly string[];
}

/** Clients that ask one after the other, each answer compared byte by byte. Nothing is sent twice. */
function load(paths: readonly string[], clients: number): { stop(): Promise<Outcome>; answered(): number } {
  let isOver = false;
  let answered = 0;
  let sent = 0;
  const failed: string[] = [];
  const wrong: string[] = [];
  async function client(): Promise<void> {
    while (!isOver) {
      const path = paths[sent++ % paths.length]!;
      const options = { method: 'GET', headers: new Headers(), timeouts, clock: systemClock, direct: true };
      try {
        const { signal } = new AbortController();
        const { status, body } = await request(network.url('pop') + path, { ...options, signal });
        const text = await new Response(body).text();
        if (status !== 200) failed.push(`${path}: ${status}`);
        else if (text !== bodyOf(path)) wrong.push(path);
      } catch (error) {
        failed.push(`${path}: ${error}`);
      }
      answered++;
    }
  }
  const all = Promise.all(Array.from({ length: clients }, client));
  return {
    answered: () => answered,
    async stop() {
      isOver = true;
      await all;
      return { answered, failed, wrong };
    },
  };
}

describe('a shield of several workers', () => {
  test('asks its parent once for what two PoPs want, and purges reach it', async () => {
    await using tiers = await startNetwork({
      nodes: {
        origin: { role: 'origin' },
        shield: { role: 'shield', parents: ['origin'], workers: 2 },
        a: { role: 'pop', parents: ['shield'] },
        b: { role: 'pop', parents: ['shield'] },
      },
      routes: [web({ upstream: upstream.url })],
    });
    const paths = Array.from({ length: 30 }, (_, at) => `/shielded/${at}`);
    const all = paths.flatMap((path) => ['a', 'b', 'a', 'b'].map((pop) => ({ path, pop })));
    const ways = await Promise.all(
      all.map(async ({ path, pop }) => {
        const response = await fetch(tiers.url(pop) + path);
        expect(await response.text()).toBe(bodyOf(path));
        return response.headers.get('cache-status') ?? '';
      }),
    );
    for (const path of paths) expect(upstream.count(path)).toBe(1);
    expect(ways.some((way) => way.includes('detail=owner:shield.'))).toBe(true);
    const file = await readNodeFile(join(tiers.dir, 'data', 'shield'));
    const client = controlClient(file!.control, tiers.secret, systemClock);
    await client.purge({ targets: [{ by: 'tag', tag: 'all' }], waitMs: 10_000 });
    for (const path of paths) expect(await (await fetch(tiers.url('a') + path)).text()).toBe(bodyOf(path));
    for (const path of paths) expect(upstream.count(path)).toBe(2);
  }, 30_000);
});

describe('under load', () => {
  const paths = Array.from({ length: 120 }, (_, at) => `/load/${at}`);
  const clients = 12;

  test('a worker that is killed takes with it what it was doing, and comes back', async () => {
    const running = load(paths, clients);
    for (let round = 0; round < 3; round++) {
      const before = await pids();
      expect(before).toHaveLength(workers);
      const mark = running.answered() + 300;
      await eventually('some answers', () => running.answered() > mark);
      process.kill(before[round]!, 'SIGKILL');
      await eventually('the worker to be back', async () => {
        const now = await pids();
        return now.length === workers && !now.includes(before[round]!);
      });
    }
    const { answered, failed, wrong } = await running.stop();
    console.info(`three workers killed: ${answered} requests, ${failed.length} failed`);
    expect(wrong).toEqual([]);
    // Each client has one request under way at most when a worker dies.
    expect(failed.length).toBeLessThanOrEqual(3 * clients);
    expect(failed.filter((what) => /: \d{3}$/.test(what))).toEqual([]);
    expect(answered).toBeGreaterThan(900);
  }, 60_000);

  test('a reload, worker by worker, loses nothing', async () => {
    const running = load(paths, clients);
    const client = await control();
    for (let round = 0; round < 3; round++) {
      const mark = running.answered() + 200;
      expect(await client.reload()).toEqual({ reasons: [] });
      await eventually('some answers', () => running.answered() > mark);
    }
    const { failed, wrong } = await running.stop();
    expect([failed, wrong]).toEqual([[], []]);
  }, 60_000);

  test('the number of workers does not change by a reload', async () => {
    const nodes = {
      origin: { role: 'origin' },
      pop: { role: 'pop', parents: ['origin'], workers: 2 },
    } as const;
    network.rewrite({ nodes, routes: [web({ upstream: upstream.url })] });
    const { reasons } = await (await control()).reload();
    expect(reasons).toEqual(['pop: how many workers it has (3 now) cannot change without a restart']);
    expect(await pids()).toHaveLength(workers);
  });
});
