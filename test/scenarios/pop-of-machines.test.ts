/**
 * Two PoPs of two machines with two workers each, two shields, an origin, on machines of their own: under steady load, one
 * thing after the other is killed and comes back. What is cached anywhere that can be reached is served all the same,
 * and no wrong byte ever is.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Weather } from '../faults/proxy.ts';
import { eventually, noise, startUpstream, type Upstream } from '../support/index.ts';
import type { Cable } from '../support/machines.ts';
import { available } from '../support/needs.ts';
import { members, type Pops, startPops, workersEach } from '../support/pops.ts';
import { childrenOf, killMachine } from '../support/process-tree.ts';
import { digestOf, sendVisitors, type Visit, type Visitors, type VisitReport } from './visitors.ts';

const problem = Bun.which('nats-server') ? null : 'nats-server is not installed';
const clients = 8;
const latencyMs = 2;
/** Each of 1 to 100 kB, long enough to be in the middle of when something dies. */
const pages: readonly Visit[] = Array.from({ length: 200 }, (_, at) => pageAt(`/page/${at}`));
/** Stale after a second, and served all the same when it cannot be confirmed. */
const news: readonly Visit[] = Array.from({ length: 40 }, (_, at) => pageAt(`/news/${at}`));

let upstream: Upstream;
let pops: Pops;
let cold = 0;

beforeAll(async () => {
  if (problem !== null) return;
  upstream = await startUpstream(({ path }) => ({
    headers: { 'cache-control': path.startsWith('/news') ? 'max-age=1, stale-if-error=600' : 'max-age=600' },
    body: bodyAt(path),
  }));
  pops = await startPops({ upstreamPort: upstream.port, latencyMs });
  // Every member has seen each thing once, so that each is somewhere in its PoP.
  for (const member of members)
    await Promise.all(
      [...pages, ...news].map(async ({ path }) => (await fetch(pops.network.url(member) + path)).bytes()),
    );
}, 60_000);

afterAll(async () => {
  await pops?.[Symbol.asyncDispose]();
  await upstream?.off();
}, 60_000);

interface Blow {
  readonly what: string;
  /** Nothing that a loopback address has. */
  readonly hasCable?: true;
  /** What clients ask for meanwhile: `cold` is in no cache, so somebody has to be able to reach the upstream. */
  readonly asks: 'cached' | 'cached and cold';
  strike(): unknown;
  /** Resolves when it is back. */
  mend(): Promise<unknown>;
}

const node = (name: string) => pops.network.node(name);

const blows: readonly Blow[] = [
  {
    what: 'a worker is killed',
    asks: 'cached and cold',
    strike: () => process.kill(workersOf('a1')[0] ?? 0, 'SIGKILL'),
    mend: () => eventually('the worker to be back', () => workersOf('a1').length === workersEach),
  },
  killed('a member', 'a2', 'cached and cold'),
  {
    what: 'a member is cut off',
    asks: 'cached and cold',
    hasCable: true,
    strike: () => cableOf('b2').pull(),
    mend: () => cableOf('b2').plug(),
  },
  killed('a shield', 'shield-1', 'cached and cold'),
  lineOf('stalls', { blackhole: true }),
  lineOf('resets everything', { resetAfterBytes: 0 }),
  lineOf('is slow and narrow', { latencyMs: 30, bytesPerSecond: 2_000_000 }),
  killed('the origin', 'origin', 'cached'),
];

function killed(what: string, name: string, asks: Blow['asks']): Blow {
  return {
    what: `${what} is killed`,
    asks,
    strike: () => killMachine(node(name).process),
    mend: () => node(name).restart(),
  };
}

/** From both PoPs: for one it is the first parent, for the other the second. */
function lineOf(does: string, weather: Weather): Blow {
  return {
    what: `the line to a shield ${does}`,
    asks: 'cached and cold',
    strike: () => pops.lines['shield-1'].weather(weather),
    mend: async () => pops.lines['shield-1'].weather({ latencyMs }),
  };
}

function cableOf(name: string): Cable {
  const { cable } = pops.machines.machine(name);
  if (cable === null) throw new Error(`${name} has no cable`);
  return cable;
}

test.skipIf(!available('NATS', problem)).each([...blows])(
  '$what under load, and comes back',
  async ({ what, asks, hasCable, strike, mend }) => {
    if (hasCable && pops.machines.kind !== 'namespaces')
      return console.warn(`${what}: not tried, for want of network namespaces`);
    const load = sendVisitors(popAddresses(), nextOf(asks), clients);
    await soon(load, 300);
    expectAllRight(load.report());

    await strike();
    await soon(load, 800);
    // No client waits any more for something that it began before it could know.
    for (let round = 0; round < 2; round++) await allNew(load);
    const meanwhile = load.report();
    await mend();
    await soon(load, 500);
    const after = await load.stop();

    say(what, meanwhile);
    say(`${what}: over`, after);
    expectAllRight(meanwhile);
    expectAllRight(after);
    // Each client loses the request that is under way on its connection, and no other.
    expect(meanwhile.broken).toBeLessThanOrEqual(2 * clients);
  },
  90_000,
);

function pageAt(path: string): Visit {
  return { path, digest: digestOf(bodyAt(path)) };
}

function bodyAt(path: string): string {
  return noise(path, 1_000 + (Number(Bun.hash.crc32(path)) % 99_000));
}

function nextOf(asks: Blow['asks']): () => Visit {
  let nth = 0;
  return () => {
    nth++;
    if (asks !== 'cached' && nth % 4 === 0) return pageAt(`/cold/${cold++}`);
    const from = nth % 3 === 0 ? news : pages;
    return from[nth % from.length] ?? pageAt('/page/0');
  };
}

function popAddresses() {
  const at = (name: string) => ({ address: pops.machines.machine(name).address, port: node(name).port });
  return [
    [at('a1'), at('a2')],
    [at('b1'), at('b2')],
  ];
}

async function soon(load: Visitors, requests: number): Promise<void> {
  const until = load.answered() + requests;
  await eventually(`${requests} answers`, () => load.answered() >= until, { withinMs: 30_000 });
}

async function allNew(load: Visitors): Promise<void> {
  const now = performance.now();
  await eventually('all clients to ask anew', () => load.oldestMs() > now, { withinMs: 30_000 });
}

function workersOf(name: string): readonly number[] {
  return childrenOf(node(name).process.pid);
}

/** What is in no cache needs an origin that answers in time, which one process among many on a busy machine may not. */
function expectAllRight({ wrong, failed, requests }: VisitReport): void {
  expect(wrong).toEqual([]);
  expect(failed.filter((what) => !what.startsWith('/cold/'))).toEqual([]);
  expect(failed.length).toBeLessThan(requests / 50);
}

function say(what: string, { requests, wrong, failed, broken, refused, slowestMs }: VisitReport): void {
  console.info(
    `${what} (${pops.machines.kind}): ${requests} requests, ${failed.length} failed, ${wrong.length} wrong;`,
    `${broken} connections broke under a request, ${refused} were refused; slowest ${Math.round(slowestMs)} ms`,
  );
}
