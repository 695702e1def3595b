/**
 * What is asked for very often is kept by several workers, each of which answers it from its own memory; and everything that
 * holds for one copy holds for all of them.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { controlClient } from '../../src/control/client.ts';
import { readNodeFile } from '../../src/control/node-file.ts';
import { parseCacheStatus } from '../../src/http/cache-status.ts';
import { web } from '../../src/index.ts';
import {
  eventually,
  freePort,
  type Sketch,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

const workers = 3;
/** In all tests, what is asked for without a pause is hot, and what is asked for now and then is not. */
const thresholds = {
  perSecond: 40,
  viralPerSecond: 1_000_000,
  risingFromPerSecond: 1_000_000,
  cpuPercent: 1000,
  everyS: 1,
  keepS: 2,
  // Only what is hot is copied, whatever a worker hands over (`near.test.ts`).
  nearRequests: 0,
};

let upstream: Upstream;
let network: TestNetwork;
let edition = 1;
let flooding: { stop(): Promise<void> } | null = null;

function sketch(hot: Sketch['nodes'][string]['hot']): Sketch {
  return {
    nodes: {
      origin: { role: 'origin' },
      pop: { role: 'pop', parents: ['origin'], workers, hot },
    },
    routes: [web({ upstream: upstream.url })],
  };
}

const toAll = { ...thresholds, replicasAtLeast: workers, replicasAtMost: workers };
const toOne = { ...thresholds, replicasAtLeast: 1, replicasAtMost: 1 };

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
        'cache-control': `${secrecy}max-age=${lifetime}, stale-while-revalidate=60`,
        'cache-tag': `all, ${path.slice(1)}`,
        etag: `"${path} ${edition}"`,
        vary: 'accept-language',
      },
      body: `edition ${edition} of ${path} ${'x'.repeat(path.startsWith('/long') ? 300_000 : 0)}`,
    };
  });
  network = await startNetwork(sketch(toAll));
}, 30_000);

afterEach(async () => {
  await flooding?.stop();
  flooding = null;
});

afterAll(async () => {
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
}, 30_000);

/** Each time over a connection of its own, which the system gives to one of the workers. */
async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(network.url('pop') + path, { ...init, keepalive: false });
}

interface Seen {
  readonly text: string;
  readonly headers: Headers;
  /** How this PoP came to its answer: the last worker's own account. */
  readonly detail: string;
}

async function look(path: string, init: RequestInit = {}): Promise<Seen> {
  const response = await ask(path, init);
  const { headers } = response;
  const detail = parseCacheStatus(headers.get('cache-status') ?? '').at(-1)?.detail ?? '';
  return { text: await response.text(), headers, detail };
}

/** Clients that ask for one thing without a pause. */
function flood(path: string, seen: (seen: Seen) => void = () => {}) {
  let isOver = false;
  async function client(): Promise<void> {
    while (!isOver) seen(await look(path));
  }
  const all = Promise.all(Array.from({ length: 4 }, client));
  flooding = {
    async stop() {
      isOver = true;
      await all;
    },
  };
  return flooding;
}

async function hot() {
  return (await network.node('pop').status()).hot ?? [];
}

/** Floods until all workers answer from their own memory. */
async function floodUntilEverywhere(path: string, seen: (seen: Seen) => void = () => {}): Promise<void> {
  flood(path, seen);
  await everywhere(path);
}

/** So many answers in a row are from the memory of whoever was asked: by chance that does not happen. */
const inARow = 30;

async function everywhere(path: string): Promise<void> {
  await eventually(
    'an answer from each worker’s own memory',
    async () => {
      const details = new Set<string>();
      for (let count = 0; count < inARow; count++) details.add((await look(path)).detail);
      return [...details].toSorted().join() === 'memory,replica';
    },
    { withinMs: 20_000 },
  );
}

async function control() {
  const file = await readNodeFile(join(network.dir, 'data', 'pop'));
  return controlClient(file!.control, network.secret, systemClock);
}

describe('an object that is asked for very often', () => {
  test('is kept by every worker, and comes from the upstream once', async () => {
    await floodUntilEverywhere('/flooded');
    expect(upstream.count('/flooded')).toBe(1);
    const [object, ...others] = await hot();
    expect(others).toEqual([]);
    expect(object).toMatchObject({ key: expect.stringContaining('/flooded'), why: 'rate' });
    expect(object?.perSecond).toBeGreaterThanOrEqual(thresholds.perSecond);
    expect(object?.replicas).toHaveLength(workers - 1);
  }, 40_000);

  test('is the same wherever it comes from', async () => {
    await floodUntilEverywhere('/same');
    const found = new Map<string, Seen>();
    await eventually('both kinds of answers', async () => {
      const seen = await look('/same');
      found.set(seen.detail, seen);
      return found.size === 2;
    });
    const [own, copy] = [found.get('memory')!, found.get('replica')!];
    expect(copy.text).toBe(own.text);
    const made = ['age', 'cache-status', 'server-timing', 'x-request-id', 'date', 'via'];
    const fields = ({ headers }: Seen) => [...headers].filter(([name]) => !made.includes(name));
    expect(fields(copy)).toEqual(fields(own));
    expect(Math.abs(Number(copy.headers.get('age')) - Number(own.headers.get('age')))).toBeLessThanOrEqual(1);
    const etag = own.headers.get('etag') ?? '';
    for (let count = 0; count < inARow; count++) {
      expect((await ask('/same', { headers: { 'if-none-match': etag } })).status).toBe(304);
      expect(await (await ask('/same', { headers: { range: 'bytes=0-6' } })).text()).toBe('edition');
      expect((await ask('/same', { method: 'HEAD' })).headers.get('content-length')).toBe(
        String(own.text.length),
      );
    }
    // Another variant is another object, which nobody floods.
    const variant = await look('/same', { headers: { 'accept-language': 'fr' } });
    expect(variant.text).toBe(own.text);
    expect(upstream.count('/same')).toBe(2);
  }, 40_000);

  test('may be long', async () => {
    await floodUntilEverywhere('/long');
    for (let count = 0; count < inARow; count++)
      expect((await look('/long')).text).toBe(`edition ${edition} of /long ${'x'.repeat(300_000)}`);
    expect(upstream.count('/long')).toBe(1);
  }, 40_000);

  test('leaves the list some time after nobody asks for it any more', async () => {
    flood('/gone');
    await eventually('it to be hot', async () => (await hot()).some(({ key }) => key.endsWith('/gone')), {
      withinMs: 20_000,
    });
    await flooding?.stop();
    await eventually('it to be hot no longer', async () => (await hot()).length === 0, { withinMs: 20_000 });
  }, 60_000);

  test('is asked of the worker that owns it when it has expired, not of the parent', async () => {
    let answers = 0;
    const seconds = performance.now();
    await floodUntilEverywhere('/short', () => void answers++);
    await eventually('a few more lifetimes', () => performance.now() - seconds > 5_000, { withinMs: 20_000 });
    await everywhere('/short');
    await flooding?.stop();
    // Once a second, and not once a second for each worker.
    const most = (performance.now() - seconds) / 1000 + 1;
    expect(upstream.count('/short')).toBeLessThanOrEqual(most);
    expect(answers).toBeGreaterThan(100);
  }, 60_000);

  test('is not copied when it is private', async () => {
    await floodUntilEverywhere('/flooded');
    await flooding?.stop();
    let answers = 0;
    flood('/private', ({ detail }) => {
      expect(detail).not.toBe('replica');
      answers++;
    });
    await eventually('more of them than would make it hot', () => answers > 500, { withinMs: 20_000 });
    await flooding?.stop();
    expect(upstream.count('/private')).toBe(answers);
    expect((await hot()).filter(({ key }) => key.includes('/private'))).toEqual([]);
  }, 60_000);
});

describe('a purge', () => {
  const ways = [
    { by: 'tag', tag: 'purged' },
    { by: 'url', url: '/purged' },
  ] as const;

  test('reaches every copy, while it is asked for without a pause', async () => {
    let oldest = 0;
    let wrong = 0;
    await floodUntilEverywhere('/purged', ({ text }) => {
      if (Number(/^edition (\d+)/.exec(text)?.[1]) < oldest) wrong++;
    });
    const client = await control();
    for (const how of [{ waitMs: 10_000 }, { here: true }]) {
      for (const way of ways) {
        await everywhere('/purged');
        edition++;
        const target = way.by === 'url' ? { ...way, url: network.url('pop') + way.url } : way;
        // At the PoP alone, the origin would still have the old one.
        if ('here' in how) {
          const origin = await readNodeFile(join(network.dir, 'data', 'origin'));
          const other = controlClient(origin!.control, network.secret, systemClock);
          expect('reasons' in (await other.purge({ targets: [target], here: true }))).toBe(false);
        }
        expect('reasons' in (await client.purge({ targets: [target], ...how }))).toBe(false);
        // What was asked for before this moment may still be on its way.
        for (let count = 0; count < inARow; count++)
          expect((await look('/purged')).text).toStartWith(`edition ${edition} `);
        oldest = edition;
      }
    }
    await everywhere('/purged');
    await flooding?.stop();
    expect(wrong).toBe(0);
  }, 120_000);

  test('that is soft makes every copy stale', async () => {
    await floodUntilEverywhere('/soft');
    const client = await control();
    for (let round = 0; round < 3; round++) {
      await everywhere('/soft');
      edition++;
      await client.purge({ targets: [{ by: 'tag', tag: 'soft' }], soft: true, waitMs: 10_000 });
      await eventually('the new edition', async () =>
        (await look('/soft')).text.startsWith(`edition ${edition} `),
      );
      await everywhere('/soft');
      for (let count = 0; count < inARow; count++)
        expect((await look('/soft')).text).toStartWith(`edition ${edition} `);
    }
  }, 120_000);

  test('of what a request has changed, too', async () => {
    await floodUntilEverywhere('/edited');
    for (let round = 0; round < 20; round++) {
      expect((await ask('/edited', { method: 'PUT', body: 'x' })).status).toBe(204);
      for (let count = 0; count < 6; count++)
        expect((await look('/edited')).text).toStartWith(`edition ${edition} `);
    }
    await everywhere('/edited');
  }, 60_000);
});

describe('a worker that keeps no copy', () => {
  test('asks the owner or one that does', async () => {
    network.rewrite(sketch(toOne));
    expect(await (await control()).reload()).toEqual({ reasons: [] });
    flood('/elsewhere');
    await eventually('it to be hot', async () => (await hot())[0]?.replicas.length === 1, {
      withinMs: 20_000,
    });
    const details = new Set<string>();
    await eventually(
      'all kinds of answers',
      async () => {
        details.add((await look('/elsewhere')).detail.replace(/:.*/, ''));
        return ['memory', 'replica', 'owner'].every((detail) => details.has(detail));
      },
      { withinMs: 20_000 },
    );
    const replica = (await hot())[0]?.replicas[0];
    await eventually(
      'the copy to be asked for by name',
      async () => (await look('/elsewhere')).detail === `replica:${replica}`,
      { withinMs: 20_000 },
    );
    expect(upstream.count('/elsewhere')).toBe(1);
  }, 60_000);

  test('has no other choice when nothing is to be copied', async () => {
    network.rewrite(sketch(false));
    expect(await (await control()).reload()).toEqual({ reasons: [] });
    let answers = 0;
    flood('/never', () => void answers++);
    await eventually('many answers', () => answers > 1_000, { withinMs: 20_000 });
    await flooding?.stop();
    expect(await hot()).toEqual([]);
  }, 60_000);
});

describe('a ring of two machines', () => {
  test('keeps at both what is asked for very often, and purges it at both', async () => {
    const pop = async () => ({
      role: 'pop' as const,
      parents: ['origin'],
      ring: { name: 'lhr', port: await freePort() },
      hot: toAll,
    });
    const nodes = { origin: { role: 'origin' as const }, 'lhr-1': await pop(), 'lhr-2': await pop() };
    await using both = await startNetwork({ nodes, routes: [web({ upstream: upstream.url })] });
    const from = async (node: string) => {
      const { headers, ...response } = await fetch(`${both.url(node)}/far`).then(async (response) => ({
        headers: response.headers,
        text: await response.text(),
      }));
      return { ...response, detail: parseCacheStatus(headers.get('cache-status') ?? '').at(-1)?.detail };
    };
    const names = ['lhr-1', 'lhr-2'];
    let isOver = false;
    const clients = names.map(async (node) => {
      while (!isOver) await from(node);
    });
    const inBothMemories = async () => {
      const details = await Promise.all(names.map(async (node) => (await from(node)).detail));
      return details.toSorted().join() === 'memory,replica';
    };
    await eventually('an answer from both memories', inBothMemories, { withinMs: 20_000 });
    const asked = upstream.count('/far');
    for (let round = 0; round < 3; round++) {
      edition++;
      const file = await readNodeFile(join(both.dir, 'data', 'lhr-1'));
      const client = controlClient(file!.control, both.secret, systemClock);
      await client.purge({ targets: [{ by: 'tag', tag: 'far' }], waitMs: 10_000 });
      for (const node of names) expect((await from(node)).text).toStartWith(`edition ${edition} `);
      await eventually('an answer from both memories', inBothMemories, { withinMs: 20_000 });
    }
    isOver = true;
    await Promise.all(clients);
    expect(upstream.count('/far')).toBe(asked + 3);
  }, 60_000);
});
