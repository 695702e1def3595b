/**
 * A purge of the whole network: from the answer to whoever asked for it until the last node has carried it out, and how
 * many can be carried out in a second. The nodes share one process, each with a cache and a bus connection of its own; the
 * servers of the bus are real.
 */
import type { Selector } from '../../src/purge.ts';
import { type BusServer, type Driver, drivers, startBus } from '../purge-network/buses.ts';
import { type SimulatedNode, simulate } from '../purge-network/node.ts';
import { percentile } from '../statistics.ts';
import type { Run, Suite, SuiteReport, Table } from '../suite.ts';

const NODES = [1, 10, 200] as const;
const ONE_WAY_MS = 50;
/** Purges whose latency is measured, one after another. */
const PURGES = 100;
const REST_MS = 5;
/** Nodes that are opened together. */
const OPEN_AT_ONCE = 10;
/** Orders under way at once, when it is about how many there can be. */
const AT_ONCE = 1_000;
const SUSTAINED: readonly { readonly nodes: number; readonly keys: number }[] = [
  { nodes: 1, keys: 1 },
  { nodes: 10, keys: 1 },
  { nodes: 10, keys: 100 },
];
const PATIENCE_MS = 60_000;

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
      latencies.push([title, String(nodes), ...measured.map((ms) => ms.toFixed(2))]);
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
    versions: {},
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
      `With regions, every second node, but not the one that issues, is ${ONE_WAY_MS} ms away from the bus in each direction. All nodes share one core.`,
    ],
    names: 2,
    head: ['bus', 'nodes', 'answer p50', 'answer p99', 'after the answer p50', 'p99', 'in all p50', 'p99'],
    body,
  };
}

function rateTable(body: string[][]): Table {
  return {
    title: 'Purges of single keys, sustained',
    remarks: [
      `Issued by one node, ${AT_ONCE} keys at once, until all nodes have carried out the last one. Orders that come while others are under way share an event. All nodes share one core: a network of machines has one for each.`,
    ],
    names: 3,
    head: ['bus', 'nodes', 'keys in an event', 'purges/s'],
    body,
  };
}

interface Simulation {
  readonly nodes: readonly SimulatedNode[];
  /** Resolves with the time (`performance.now()`) when so many more purges have been carried out, of all nodes together. */
  applied(count: number): Promise<number>;
}

async function withNodes<Result>(
  run: Run,
  driver: Driver,
  count: number,
  isFar: boolean,
  measure: (network: Simulation) => Promise<Result>,
): Promise<Result> {
  const server: BusServer = await startBus(driver, isFar ? ONE_WAY_MS : 0, run.scratch);
  const nodes: SimulatedNode[] = [];
  let left = 0;
  let done = (_atMs: number) => {};
  const carriedOut = () => {
    if (--left === 0) done(performance.now());
  };
  try {
    const open = async (at: number) => {
      const bus = await server.open(`node-${at}`, at % 2 === 1 || count === 1);
      return simulate(`node-${at}`, bus, carriedOut);
    };
    while (nodes.length < count) {
      const some = Array.from({ length: Math.min(OPEN_AT_ONCE, count - nodes.length) }, (_, at) =>
        open(nodes.length + at),
      );
      nodes.push(...(await Promise.all(some)));
    }
    return await measure({
      nodes,
      applied(wanted) {
        left = wanted;
        const { promise, resolve, reject } = Promise.withResolvers<number>();
        const late = setTimeout(() => reject(new Error(`${left} of ${wanted} did not come`)), PATIENCE_MS);
        done = (atMs) => {
          clearTimeout(late);
          resolve(atMs);
        };
        return promise;
      },
    });
  } finally {
    await Promise.all(nodes.map((node) => node.close()));
    await server.close();
  }
}

/** p50 and p99 of: the answer, the last node after it, both together. Milliseconds. */
async function latency({ nodes, applied }: Simulation): Promise<number[]> {
  const answers: number[] = [];
  const after: number[] = [];
  const all: number[] = [];
  for (let at = 0; at < PURGES; at++) {
    const last = applied(nodes.length);
    const startedMs = performance.now();
    await nodes[0]?.purging.issue(orderOf(at));
    const answeredMs = performance.now();
    const lastMs = await last;
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
async function sustained({ nodes, applied }: Simulation, keys: number, forMs: number): Promise<number> {
  const issue = nodes[0]?.purging.issue ?? (() => Promise.reject(new Error('no node')));
  const startedMs = performance.now();
  let issued = 0;
  let lastMs = startedMs;
  while (performance.now() - startedMs < forMs) {
    const carriedOut = applied(AT_ONCE * nodes.length);
    const orders = Array.from({ length: AT_ONCE / keys }, (_, at) => orderOf(issued + at * keys, keys));
    issued += AT_ONCE;
    await Promise.all(orders.map((order) => issue(order)));
    lastMs = await carriedOut;
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
