/**
 * A PoP of two machines with two workers each is one cache: what one member keeps is asked for there, whichever machine a
 * client has come to. A machine may go and come back, by itself or one after the other on purpose, and nobody notices.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { systemClock } from '../../src/clock.ts';
import { MeridianError } from '../../src/errors.ts';
import { parseCacheStatus } from '../../src/http/cache-status.ts';
import { request } from '../../src/http/client.ts';
import { web } from '../../src/index.ts';
import {
  eventually,
  freePorts,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

const names = ['lhr-1', 'lhr-2'] as const;
const members = ['lhr-1.1', 'lhr-1.2', 'lhr-2.1', 'lhr-2.2'];
const timeouts = { firstByteMs: 20_000, betweenBytesMs: 20_000 };
/** How long that takes is not what is shown, and the machine may have other work to do. */
const patient = { withinMs: 40_000 };
let upstream: Upstream;
let network: TestNetwork;
let ringPorts: readonly number[] = [];
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
  ringPorts = [await freePorts(2), await freePorts(2)];
  const pop = (port: number | undefined) => ({
    role: 'pop' as const,
    parents: ['origin'],
    workers: 2,
    ring: { name: 'lhr', port: port ?? 0, checkMs: 250, goneS: 5 },
  });
  network = await startNetwork({
    nodes: { origin: { role: 'origin' }, 'lhr-1': pop(ringPorts[0]), 'lhr-2': pop(ringPorts[1]) },
    routes: [web({ upstream: upstream.url })],
  });
  await eventually('all members to be up', async () => (await upAt('lhr-1')).length === members.length);
  // Each worker hears of the others by itself, and who asks for a status is answered by one of them.
  await eventually('all workers to know all members', areAgreed);
}, 40_000);

/** Whether all who are asked name the same keeper of each of these. */
async function areAgreed(): Promise<boolean> {
  for (let at = 0; at < 20; at++)
    if ((await ownersOf(`/agreed/${crypto.randomUUID()}`)).size > 1) return false;
  return true;
}

/** Who is said to keep it, by both workers of both machines as far as chance leads to them. */
async function ownersOf(path: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const node of [...names, ...names]) {
    const response = await ask(node, path);
    expect(await response.text()).toBe(bodyOf(path));
    const owner = ownerIn(response);
    if (owner !== undefined) found.add(owner);
  }
  return found;
}

afterAll(async () => {
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
}, 40_000);

interface Seen {
  readonly name: string;
  readonly isUp: boolean;
  readonly share: number;
}

async function ringAt(node: string): Promise<readonly Seen[]> {
  const { ring } = await network.node(node).status();
  return ring?.members ?? [];
}

async function upAt(node: string): Promise<readonly string[]> {
  return (await ringAt(node)).filter(({ isUp }) => isUp).map(({ name }) => name);
}

/** Each time over a connection of its own. */
async function ask(
  node: string,
  path: string,
  init: RequestInit = {},
): Promise<Response & { body: unknown }> {
  return fetch(network.url(node) + path, { ...init, keepalive: false });
}

/** The member that keeps it, if it was asked by another one. */
function ownerIn({ headers }: Response): string | undefined {
  const detail = parseCacheStatus(headers.get('cache-status') ?? '').at(-1)?.detail;
  return detail?.startsWith('owner:') ? detail.slice('owner:'.length) : undefined;
}

/** All processes at once: workers that lose the one that started them drain, as on purpose. */
async function kill(name: string): Promise<void> {
  const node = network.node(name);
  const { workers = [] } = await node.status();
  const pids = [...workers.map(({ pid }) => pid), node.process.pid];
  for (const pid of pids) if (typeof pid === 'number') process.kill(pid, 'SIGKILL');
  await node.process.exited;
}

interface Outcome {
  readonly answered: number;
  /** Requests for which the first machine that was tried took no connection, and another one did. */
  readonly elsewhere: number;
  readonly failed: readonly string[];
}

/**
 * Clients that keep connections and ask one machine after the other, as a balancer does: one that takes no connection is left
 * for the next. What was sent once is not sent again.
 */
function load(paths: readonly string[], clients: number): { stop(): Promise<Outcome>; answered(): number } {
  let isOver = false;
  let answered = 0;
  let elsewhere = 0;
  let sent = 0;
  const failed: string[] = [];

  async function once(node: string, path: string): Promise<void> {
    const { signal } = new AbortController();
    const headers = new Headers();
    const options = { method: 'GET', headers, timeouts, clock: systemClock, direct: true, signal };
    const { status, body } = await request(network.url(node) + path, options);
    const text = await new Response(body).text();
    if (status !== 200) failed.push(`${path}: ${status} ${text.slice(0, 200)}`);
    else if (text !== bodyOf(path)) failed.push(`${path}: wrong bytes`);
  }

  async function client(nth: number): Promise<void> {
    for (let at = nth; !isOver; at++) {
      const path = paths[sent++ % paths.length]!;
      const [first, second] = at % 2 === 0 ? names : names.toReversed();
      try {
        await once(first!, path).catch((error) => {
          if (!isRefused(error)) throw error;
          elsewhere++;
          return once(second!, path);
        });
      } catch (error) {
        failed.push(`${path}: ${error}`);
      }
      answered++;
    }
  }

  const all = Promise.all(Array.from({ length: clients }, (_, nth) => client(nth)));
  return {
    answered: () => answered,
    async stop() {
      isOver = true;
      await all;
      return { answered, elsewhere, failed };
    },
  };
}

function isRefused(error: unknown): boolean {
  const cause = error instanceof MeridianError ? error.cause : null;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

describe('a PoP of two machines', () => {
  test('has the workers of both as members, and all agree what each keeps', async () => {
    const [one, other] = await Promise.all(names.map(ringAt));
    expect(one!.map(({ name }) => name)).toEqual(members);
    expect(other!.map(({ share }) => share)).toEqual(one!.map(({ share }) => share));
    const owners = new Set<string>();
    for (let at = 0; at < 60; at++) {
      const path = `/spread/${at}`;
      const found = await ownersOf(path);
      expect(found.size).toBeLessThanOrEqual(1);
      for (const owner of found) owners.add(owner);
      expect(upstream.count(path)).toBe(1);
    }
    expect([...owners].toSorted()).toEqual(members);
  }, 30_000);

  test('asks its parent once for what two thousand clients of both want at the same moment', async () => {
    const release = Promise.withResolvers<void>();
    held = release.promise;
    const asked = Array.from({ length: 2_000 }, async (_, at) => {
      const { signal } = new AbortController();
      const headers = new Headers({ connection: 'close' });
      const options = { method: 'GET', headers, timeouts, clock: systemClock, signal, direct: true };
      const { status, body } = await request(`${network.url(names[at % 2]!)}/cold/one`, options);
      return `${status} ${await new Response(body).text()}`;
    });
    await eventually('the upstream to be asked', () => upstream.count('/cold/one') > 0);
    const seen = await network.during(async () => {
      release.resolve();
      return new Set(await Promise.all(asked));
    });
    expect([...seen.result]).toEqual([`200 ${bodyOf('/cold/one')}`]);
    expect(seen.asked('origin')).toHaveLength(1);
  }, 30_000);

  test('forgets everywhere what a request has changed', async () => {
    for (let next = 2; next < 6; next++) {
      expect((await ask(names[next % 2]!, '/edited', { method: 'PUT', body: 'x' })).status).toBe(204);
      for (const node of [...names, ...names])
        expect(await (await ask(node, '/edited')).text()).toBe(`edition ${next}`);
    }
  });

  test('hands nothing over to clients that come to where members do', async () => {
    for (const field of [undefined, 'ping', 'lhr-1.1 0 - - - - AAAA']) {
      const headers = field === undefined ? {} : { 'meridian-hop': field };
      const response = await fetch(`http://127.0.0.1:${ringPorts[0]}/spread/1`, { headers });
      expect(response.status).toBe(403);
      expect(await response.text()).not.toContain('/spread/1 /spread/1');
    }
  });
});

describe('under load', () => {
  const paths = Array.from({ length: 120 }, (_, at) => `/load/${at}`);
  const clients = 12;

  test('machines that are restarted one after the other lose nothing', async () => {
    const running = load(paths, clients);
    for (const [round, name] of [...names, ...names].entries()) {
      const other = names[(round + 1) % 2]!;
      const mark = running.answered() + 300;
      await eventually('some answers', () => running.answered() > mark, patient);
      expect(await network.node(name).stop()).toBe(0);
      await eventually(
        'the others to have closed up',
        async () => (await ringAt(other)).length === 2,
        patient,
      );
      await network.node(name).restart();
      await eventually('it to be back', async () => (await upAt(other)).length === members.length, patient);
    }
    const { answered, elsewhere, failed } = await running.stop();
    console.info(
      `four restarts: ${answered} requests, ${failed.length} failed, ${elsewhere} connected to the other machine`,
    );
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(1_200);
  }, 240_000);

  test('a machine that is killed is passed over, and its keys stay its own', async () => {
    const before = await ringAt('lhr-1');
    await kill('lhr-2');
    await eventually('it to be passed over', async () => (await upAt('lhr-1')).length === 2);
    expect(await ringAt('lhr-1')).toHaveLength(4);
    for (const path of paths) expect(await (await ask('lhr-1', path)).text()).toBe(bodyOf(path));
    await network.node('lhr-2').restart();
    await eventually('it to be back', async () => (await upAt('lhr-1')).length === 4);
    expect((await ringAt('lhr-1')).map(({ share }) => share)).toEqual(before.map(({ share }) => share));
  }, 60_000);

  test('a machine that stays away is no member any more', async () => {
    await kill('lhr-2');
    await eventually('it to be given up', async () => (await ringAt('lhr-1')).length === 2, {
      withinMs: 20_000,
    });
    const shares = (await ringAt('lhr-1')).map(({ share }) => share);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
    await network.node('lhr-2').restart();
    await eventually('it to be back', async () => (await upAt('lhr-1')).length === 4);
  }, 60_000);
});
