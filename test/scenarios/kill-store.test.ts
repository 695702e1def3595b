/**
 * kill -9 in a loop, at the moments that hurt a store most: every byte that is served afterwards is right, and
 * nothing is lost that was acknowledged.
 *
 * An entry is acknowledged when its client has all of it and the node, left in peace, says in its status that the disk
 * holds as many entries as were asked for. From then on it has to be a hit, whatever is killed how often.
 *
 * Four PoPs are killed side by side, each at a moment of its own. 200 kills in CI, fewer elsewhere;
 * `MERIDIAN_KILLS=2000` for a night.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { web } from '../../src/index.ts';
import {
  eventually,
  noise,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type TestNode,
  type Upstream,
} from '../support/index.ts';

const kills = Number(process.env.MERIDIAN_KILLS ?? (process.env.CI === 'true' ? 200 : 24));
const KIB = 1024;
const MIB = 1024 * KIB;

interface Moment {
  readonly when: string;
  /** Of the body that the nth request is answered with, while the node waits for its end. */
  readonly bytes: (nth: number) => number;
  /** More than the config allows on disk is asked for in each round, so nothing is promised to stay. */
  readonly evicts?: true;
  /** Killed so many times more while it starts again. */
  readonly again?: number;
}

/** Longer than what memory keeps: goes to its file piece by piece. */
const long = (nth: number) => 300 * KIB + ((nth * 7919) % MIB);
const short = (nth: number) => 200 + ((nth * 7919) % (20 * KIB));

const moments: Readonly<Record<string, Moment>> = {
  fills: { when: 'during fills', bytes: long },
  commits: { when: 'while very many entries are committed', bytes: short },
  evictions: {
    when: 'while it makes room on a full disk',
    bytes: (nth) => (nth % 4 ? short : long)(nth),
    evicts: true,
  },
  recovery: { when: 'during its own recovery', bytes: (nth) => (nth % 4 ? short : long)(nth), again: 2 },
};
const limitBytes = (moment: Moment) => (moment.evicts ? 4 * MIB : 1024 * MIB);

let upstream: Upstream;
let network: TestNetwork;

beforeAll(async () => {
  upstream = await startUpstream(({ path }) => ({
    headers: { 'cache-control': 'public, max-age=3600', 'content-type': 'application/octet-stream' },
    body: bodyAt(path),
  }));
  const pops = Object.entries(moments).map(([name, moment]) => [
    name,
    {
      role: 'pop',
      parents: ['origin'],
      memory: { bytes: '1 MiB', objectBytes: '64 KiB' },
      disk: { bytes: limitBytes(moment), objectBytes: 2 * MIB },
    } as const,
  ]);
  network = await startNetwork({
    // Keeps next to nothing: what a PoP has lost is asked for upstream.
    nodes: {
      origin: { role: 'origin', disk: false, memory: { bytes: '64 KiB', objectBytes: '1 KiB' } },
      ...Object.fromEntries(pops),
    },
    routes: [web({ upstream: upstream.url })],
  });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 60_000);

describe(`${kills} kills`, () => {
  const rounds = Math.ceil(kills / Object.keys(moments).length);

  test(
    'leave every byte right, and every acknowledged entry in its place',
    async () => {
      const all = Object.entries(moments).map(([name, moment]) => killAgainAndAgain(name, moment, rounds));
      const seen = await Promise.all(all);
      for (const { when, interrupted } of seen) {
        expect(interrupted, `no kill has met anything ${when}`).toBeGreaterThan(0);
      }
    },
    60_000 + rounds * 20_000,
  );
});

async function killAgainAndAgain(name: string, moment: Moment, rounds: number) {
  const node = network.node(name);
  const random = randomOf(name);
  const acknowledged: string[] = [];
  let interrupted = 0;
  let nth = 0;
  const fresh = (count: number) =>
    Array.from({ length: count }, () => `/${name}/${moment.bytes(++nth)}/${nth}`);

  for (let round = 1; round <= rounds; round++) {
    const during = `${moment.when}, round ${round}`;
    const settled = fresh(6);
    const entriesBefore = await entriesAtRest(node, during);
    for (const path of settled) await expectRight(node, path, during);
    if (!moment.evicts) {
      await eventually(`what was stored to be acknowledged ${during}`, async () => {
        return (await entriesOf(node)) >= entriesBefore + settled.length;
      });
      acknowledged.push(...settled);
    }

    const load = askFor(node, () => fresh(1)[0] ?? '/', 8);
    await Bun.sleep(5 + random() * 120);
    await node.kill9();
    const met = await load;
    interrupted += met.brokenOff;
    expect(met.wrong, `served ${during}`).toEqual([]);
    await startAgain(node, moment.again ?? 0, random);

    // Whatever was on its way at the kill, and is asked for again, is whole and right.
    for (const path of met.asked.slice(-10)) await expectRight(node, path, `${during}, afterwards`);
    const earlier = Array.from({ length: 6 }, () => acknowledged[Math.floor(random() * acknowledged.length)]);
    for (const path of moment.evicts ? [] : [...settled, ...earlier]) {
      if (path !== undefined) await expectHit(node, path, `lost ${during}`);
    }
    await expectBounded(node, limitBytes(moment), during);
  }
  for (const path of acknowledged) await expectHit(node, path, 'lost by the end');
  return { when: moment.when, interrupted };
}

/** Starts it, and kills it so many times while it does so. */
async function startAgain(node: TestNode, killed: number, random: () => number): Promise<void> {
  for (let time = 0; time < killed; time++) {
    const started = node.restart().then(
      () => null,
      (error: unknown) => error, // It is killed before it serves, mostly.
    );
    await Bun.sleep(random() * 600);
    await node.kill9();
    await started;
  }
  await node.restart();
}

interface Met {
  readonly asked: readonly string[];
  /** Paths whose answers were whole and successful, but not the right bytes. */
  readonly wrong: readonly string[];
  readonly brokenOff: number;
}

/** So many clients, each asking for the next path when it has its answer, until the node is gone. */
async function askFor(node: TestNode, next: () => string, clients: number): Promise<Met> {
  const asked: string[] = [];
  const wrong: string[] = [];
  let brokenOff = 0;
  const client = async () => {
    for (;;) {
      const path = next();
      asked.push(path);
      try {
        const response = await fetch(node.url + path);
        const bytes = await response.bytes();
        if (response.status === 200 && Buffer.compare(bytes, bodyAt(path)) !== 0) wrong.push(path);
      } catch {
        brokenOff++; // The node was killed in the middle of it, which is what this is about.
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { asked, wrong, brokenOff };
}

async function expectRight(node: TestNode, path: string, when: string): Promise<Response> {
  const response = await fetch(node.url + path);
  const bytes = await response.bytes();
  expect(response.status, `${path} ${when}`).toBe(200);
  expect(Buffer.compare(bytes, bodyAt(path)), `bytes of ${path} ${when}`).toBe(0);
  return response;
}

async function expectHit(node: TestNode, path: string, when: string): Promise<void> {
  const response = await expectRight(node, path, when);
  expect(response.headers.get('cache-status'), `${path} ${when}`).toMatch(/[\w-]+; ?hit[^,]*$/);
}

async function expectBounded(node: TestNode, limit: number, when: string): Promise<void> {
  await eventually(`the disk to be within its limit ${when}`, async () => {
    const { disk } = await node.status();
    return disk !== null && disk.bytes <= limit;
  });
}

async function entriesOf(node: TestNode): Promise<number> {
  return (await node.status()).disk?.entries ?? 0;
}

/** Once nothing is on its way to the disk any more, which would be counted among what comes next. */
async function entriesAtRest(node: TestNode, when: string): Promise<number> {
  const temporary = join(network.dir, 'data', node.name, 'cache', 'tmp');
  let entries = -1;
  await eventually(`${node.name} to be at rest ${when}`, async () => {
    const before = entries;
    const { fills, disk } = await node.status();
    entries = disk?.entries ?? 0;
    return fills === 0 && entries === before && readdirSync(temporary).length === 0;
  });
  return entries;
}

/** A path says how long its body is, and no two paths have the same one. */
function bodyAt(path: string): Buffer {
  const bytes = Number(path.split('/')[2]);
  const from = Number(Bun.hash(path) % BigInt(pool.length - bytes));
  return pool.subarray(from, from + bytes);
}
const pool = Buffer.from(noise('pool', 3 * MIB));

/** Numbers from 0 to 1, the same for the same name in every run. */
function randomOf(name: string): () => number {
  let state = Number(Bun.hash(name) & 0xffffffffn);
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
