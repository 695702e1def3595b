/**
 * A purge of the whole network: from the answer to whoever asked for it until the last node has carried it out, and how
 * many can be carried out in a second. Each node has a cache and a bus connection of its own; but for the one that issues, they
 * share a few processes. The servers of the bus are real.
 */
import { cpus } from 'node:os';
import type { Selector } from '../../src/purge.ts';
import { capture } from '../process.ts';
import { type BusServer, type Driver, drivers, startBus } from '../purge-network/buses.ts';
import { absoluteMs } from '../purge-network/messages.ts';
import { processes, type SimulatedNetwork, startNetwork } from '../purge-network/network.ts';
import { percentile } from '../statistics.ts';
import type { Run, Suite, SuiteReport, Table } from '../suite.ts';

const NODES = [1, 10, 200] as const;
const ONE_WAY_MS = 50;
/** Purges whose latency is measured, one after another. */
const PURGES = 100;
const REST_MS = 5;
/** Beyond the way, at p99. */
const GOAL_MS = 10;
/** Orders under way at once, when it is about how many there can be. */
const AT_ONCE = 1_000;
const SUSTAINED: readonly { readonly nodes: number; readonly keys: number }[] = [
  { nodes: 1, keys: 1 },
  { nodes: 10, keys: 1 },
  { nodes: 10, keys: 100 },
];

const places = ['loopback', `${2 * ONE_WAY_MS} ms between regions`] as const;
const titles = drivers.flatMap((driver) =>
  (driver === 'local' ? places.slice(0, 1) : places).map((place) => `${driver}, ${place}`),
);

export const purgeNetwork: Suite = {
  name: 'purge-network',
  about:
    'Purges of a whole network over a bus: how long until the last node has carried one out, and how many a second.',
  cases: titles.flatMap((title) => [
    ...NODES.map((nodes) => latencyCase(title, nodes)),
    ...(isFarAway(title) ? [] : SUSTAINED.map((sustained) => rateCase(title, sustained))),
  ]),
  peers: drivers,
  defaults: { rounds: 1, seconds: 5 },
  run: runPurgeNetwork,
};

async function runPurgeNetwork(run: Run): Promise<SuiteReport> {
  const latencies: string[][] = [];
  const rates: string[][] = [];
  for (const title of titles) {
    const driver = drivers.find((name) => title.startsWith(name)) ?? 'local';
    if (run.peers.length > 0 && !run.peers.includes(driver)) continue;
    const isFar = isFarAway(title);
    for (const nodes of NODES) {
      if (!latencyCase(title, nodes).includes(run.only)) continue;
      const measured = await withNodes(run, driver, nodes, isFar, (network) => latency(network));
      const goalMs = (isFar ? ONE_WAY_MS : 0) + GOAL_MS;
      const [, , , , , p99Ms = Number.NaN] = measured;
      const share = (p99Ms / goalMs).toFixed(2);
      latencies.push([title, String(nodes), ...measured.map((ms) => ms.toFixed(2)), share]);
      run.progress(`${latencyCase(title, nodes)}: ${measured.map((ms) => ms.toFixed(2)).join(' ')}`);
    }
    if (isFar) continue;
    for (const { nodes, keys } of SUSTAINED) {
      if (!rateCase(title, { nodes, keys }).includes(run.only)) continue;
      const perSecond = await withNodes(run, driver, nodes, false, (network) =>
        sustained(network, keys, run.seconds * 1000),
      );
      const rate = Math.round(perSecond).toLocaleString('en-US');
      rates.push([title, String(nodes), String(keys), rate]);
      run.progress(`${rateCase(title, { nodes, keys })}: ${rate} purges/s`);
    }
  }
  return {
    suite: purgeNetwork.name,
    about: purgeNetwork.about,
    versions: {
      Bun: Bun.version,
      NATS: (await capture('nats-server', '--version')).trim(),
      Redis: (await capture('redis-server', '--version')).trim(),
    },
    proofs: ['Every purge was carried out by every node: the next one was not issued before.'],
    subjects: [],
    rounds: 1,
    seconds: run.seconds,
    figures: [],
    rows: [],
    tables: [latencyTable(latencies), rateTable(rates)],
  };
}

function isFarAway(title: string): boolean {
  return !title.endsWith('loopback');
}

function latencyCase(title: string, nodes: number): string {
  return `${title}, ${nodes} nodes, latency`;
}

function rateCase(title: string, { nodes, keys }: { readonly nodes: number; readonly keys: number }): string {
  return `${title}, ${nodes} nodes, ${keys} keys an event`;
}

function latencyTable(body: string[][]): Table {
  return {
    title: 'Until the last node has carried out a purge, ms',
    remarks: [
      `${PURGES} purges of a key, one after another. "After the answer": from when the caller knows that it is on the bus; 0 where the last node was faster than the answer.`,
      `The goal is the way to the nodes and ${GOAL_MS} ms: ${GOAL_MS} ms on loopback, ${ONE_WAY_MS + GOAL_MS} ms between regions.`,
      `With regions, every second node, but not the one that issues, is ${ONE_WAY_MS} ms away from the bus in each direction. All nodes but the one that issues share ${processes} processes, and all processes, with the server of the bus, ${cpus().length} cores.`,
    ],
    names: 2,
    head: [
      'bus',
      'nodes',
      'answer p50',
      'answer p99',
      'after the answer p50',
      'p99',
      'in all p50',
      'p99',
      'p99 ÷ goal',
    ],
    body,
  };
}

function rateTable(body: string[][]): Table {
  return {
    title: 'Purges of single keys, sustained',
    remarks: [
      `Issued by one node, ${AT_ONCE} keys at once, until all nodes have carried out the last one. Orders that come while others are under way share an event. All nodes share the cores of one machine: a network has more.`,
    ],
    names: 3,
    head: ['bus', 'nodes', 'keys in an event', 'purges/s'],
    body,
  };
}

async function withNodes<Result>(
  run: Run,
  driver: Driver,
  count: number,
  isFar: boolean,
  measure: (network: SimulatedNetwork) => Promise<Result>,
): Promise<Result> {
  const server: BusServer = await startBus(driver, isFar ? ONE_WAY_MS : 0, run.scratch);
  try {
    await using network = await startNetwork(server, count);
    return await measure(network);
  } finally {
    await server.close();
  }
}

/** p50 and p99 of: the answer, the last node after it, both together. Milliseconds. */
async function latency({ issue, expect }: SimulatedNetwork): Promise<number[]> {
  const answers: number[] = [];
  const after: number[] = [];
  const all: number[] = [];
  for (let at = 0; at < PURGES; at++) {
    const expected = await expect(1);
    const startedMs = absoluteMs();
    await issue(orderOf(at));
    const answeredMs = absoluteMs();
    const { lastMs } = await expected.all;
    answers.push(answeredMs - startedMs);
    after.push(Math.max(0, lastMs - answeredMs));
    all.push(Math.max(lastMs, answeredMs) - startedMs);
    await Bun.sleep(REST_MS);
  }
  return [answers, after, all].flatMap((samples) => {
    const sorted = samples.toSorted((a, b) => a - b);
    return [percentile(sorted, 0.5), percentile(sorted, 0.99)];
  });
}

/** Keys a second. */
async function sustained({ issue, expect }: SimulatedNetwork, keys: number, forMs: number): Promise<number> {
  const startedMs = absoluteMs();
  let issued = 0;
  let lastMs = startedMs;
  while (absoluteMs() - startedMs < forMs) {
    const expected = await expect(AT_ONCE);
    const orders = Array.from({ length: AT_ONCE / keys }, (_, at) => orderOf(issued + at * keys, keys));
    issued += AT_ONCE;
    await Promise.all(orders.map((order) => issue(order)));
    ({ lastMs } = await expected.all);
  }
  return (issued * 1000) / (lastMs - startedMs);
}

function orderOf(from: number, keys = 1): { selectors: readonly Selector[]; soft: boolean; by: string } {
  const selectors = Array.from({ length: keys }, (_, at) => ({
    by: 'key' as const,
    key: `web /${from + at}`,
  }));
  return { selectors, soft: false, by: 'the benchmark' };
}
