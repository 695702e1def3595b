/**
 * What a key/value server near a PoP is worth and what it costs, of Meridian alone: hits from each layer that a PoP may have them
 * from, and a region that is 200 ms from its origin.
 */
import { kv, web } from '../../src/index.ts';
import { startProxy } from '../../test/faults/proxy.ts';
import { eventually, startNetwork, type TestNetwork } from '../../test/support/index.ts';
import {
  type KvServer,
  type KvServerKind,
  kvServerProblem,
  startKvServer,
} from '../../test/support/kv-servers.ts';
import { number } from '../figures.ts';
import { type Asked, type Asking, askFor, cpuSeconds, listOf } from '../load/asking.ts';
import { KIB, object } from '../objects.ts';
import { capture } from '../process.ts';
import { percentile } from '../statistics.ts';
import type { Run, Suite, SuiteReport, Table } from '../suite.ts';
import { startUpstream, type Upstream } from '../upstream.ts';

const OBJECTS = 5000;
const CONNECTIONS = 50;
const OCEAN_MS = 200;
const PAGES = 30;
const KINDS: readonly KvServerKind[] = ['redis', 'nats'];

const TIERS = 'hits by layer';
const OCEAN = `a region ${OCEAN_MS} ms away`;

export const kvSuite: Suite = {
  name: 'kv',
  about: 'Hits from memory, disk, and a key/value server; and what such a server saves a region far away.',
  cases: [TIERS, OCEAN],
  peers: [],
  defaults: { rounds: 1, seconds: 1 },
  run: runKv,
};

async function runKv(run: Run): Promise<SuiteReport> {
  const upstream = await startUpstream(run.scratch, run.cores.load);
  const kinds = KINDS.filter((kind) => kvServerProblem(kind) === null);
  const cases = [
    { title: TIERS, measure: () => byLayer(run, upstream, kinds) },
    { title: OCEAN, measure: () => acrossTheOcean(run, upstream, kinds) },
  ];
  const tables: Table[] = [];
  for (const { title, measure } of cases) {
    if (!title.includes(run.only)) continue;
    run.progress(title);
    tables.push(await measure());
  }
  return {
    suite: kvSuite.name,
    about: kvSuite.about,
    versions: await versionsOf(kinds),
    proofs: ['Every answer had the length that its path names.'],
    subjects: [],
    rounds: 1,
    seconds: run.seconds,
    figures: [],
    rows: [],
    tables,
  };
}

async function versionsOf(kinds: readonly KvServerKind[]): Promise<Record<string, string>> {
  const told = await Promise.all(kinds.map((kind) => capture(`${kind}-server`, '--version')));
  return { Bun: Bun.version, ...Object.fromEntries(kinds.map((kind, at) => [kind, told[at]?.trim() ?? ''])) };
}

/** Keeps next to nothing in memory, so that the next layer answers. */
const TINY = { memory: { bytes: '64 KiB', objectBytes: '1 KiB' } } as const;

async function byLayer(run: Run, upstream: Upstream, kinds: readonly KvServerKind[]): Promise<Table> {
  const paths = Array.from({ length: run.objects ?? OBJECTS }, (_, at) => object(KIB, `kv-${at}`).path);
  const list = listOf(run.scratch, paths);
  const servers = new Map<KvServerKind, KvServer>();
  for (const kind of kinds) servers.set(kind, await startKvServer(kind));
  const pop = { role: 'pop', parents: ['origin'] } as const;
  const sharing = kinds.map((kind) => [
    kind,
    { ...pop, ...TINY, disk: false, sharedMemory: { store: `in-${kind}` } },
  ]);
  const network = await startNetwork({
    kv: Object.fromEntries([...servers].map(([kind, { url }]) => [`in-${kind}`, { url }])),
    nodes: {
      origin: { role: 'origin' },
      memory: pop,
      disk: { ...pop, ...TINY },
      ...Object.fromEntries(sharing),
      parent: { ...pop, ...TINY, disk: false },
    },
    routes: [web({ upstream: upstream.url })],
  });
  try {
    const body: string[][] = [];
    /** Of the first one, memory. */
    let base: { readonly requestsPerSecond: number; readonly micros: number } | null = null;
    for (const name of ['memory', 'disk', ...kinds, 'parent']) {
      run.progress(`  ${name}`);
      const asking = { scratch: run.scratch, cores: run.cores, upstream };
      const asked = await fromLayer(asking, network, name, list, paths.length);
      const { requestsPerSecond, p50Micros, p99Micros, answers } = asked;
      const micros = (cpuSeconds(asked) * 1e6) / answers;
      base ??= { requestsPerSecond, micros };
      body.push([
        name,
        ...[requestsPerSecond, p50Micros, p99Micros, micros].map((figure) => number(figure, 0)),
        ...[requestsPerSecond / base.requestsPerSecond, micros / base.micros].map((of) => number(of, 2)),
      ]);
    }
    return {
      title: `${TIERS}: ${paths.length} objects of 1 KiB, each asked for once, ${CONNECTIONS} connections`,
      remarks: [
        '`redis` and `nats`: from the server on the same machine, whose own processor time is not counted.',
        '`parent`: from the memory of the origin, another process of the same machine.',
      ],
      names: 1,
      head: ['from', 'requests/s', 'p50 µs', 'p99 µs', 'CPU µs/request', 'req/s ÷ memory', 'CPU ÷ memory'],
      body,
    };
  } finally {
    await network.stop();
    for (const server of servers.values()) await server[Symbol.asyncDispose]();
  }
}

/** All objects are put where the node has them from, and asked for once more. */
async function fromLayer(
  asking: Asking,
  network: TestNetwork,
  name: string,
  list: string,
  objects: number,
): Promise<Asked> {
  const node = network.node(name);
  const own = { because: 'it is not asked for here' };
  const { pid } = node.process;
  await capture('taskset', '--all-tasks', '--pid', '--cpu-list', String(asking.cores.server), String(pid));
  const running = {
    pids: [pid],
    on: { 'http/1.1': node.url, 'https/1.1': own, h2: own },
    isHit: () => true,
  };
  // Slowly enough for all copies to be made.
  const there = async () => (await keptBy(network, name)) >= objects;
  for (let attempt = 0; attempt < 5 && (attempt === 0 || !(await there())); attempt++) {
    await askFor(asking, running, list, { connections: 4 });
    await Bun.sleep(500);
  }
  return askFor(asking, running, list, { connections: CONNECTIONS });
}

/** How many copies the node has made in its store; all of them, where it has none. */
async function keptBy(network: TestNetwork, name: string): Promise<number> {
  const [store] = (await network.node(name).status()).kv;
  return store ? Number(store['kept']) : Number.POSITIVE_INFINITY;
}

async function acrossTheOcean(run: Run, upstream: Upstream, kinds: readonly KvServerKind[]): Promise<Table> {
  const body: string[][] = [];
  for (const kind of kinds) {
    run.progress(`  ${kind}`);
    const times = await oneOcean(upstream, kind);
    const [first = Number.NaN, second = Number.NaN] = times;
    body.push([kind, ...times.map((ms) => number(ms, 1)), number(second / first, 3)]);
  }
  return {
    title: `${OCEAN} from its origin, with a key/value server of its own: ${PAGES} pages of 1 KiB, one after the other, p50 in ms`,
    remarks: [
      'The same pages are asked for at one PoP, then at another one of the region, then there again.',
    ],
    names: 1,
    head: ['server', 'first PoP', 'second PoP', 'second PoP, again', 'second ÷ first'],
    body,
  };
}

async function oneOcean(upstream: Upstream, kind: KvServerKind): Promise<number[]> {
  await using server = await startKvServer(kind);
  // The network chooses the origin's port later on.
  const origin = { port: 0 };
  await using ocean = await startProxy(origin);
  const pop = { role: 'pop', parents: ['origin'], near: 'near' } as const;
  await using network = await startNetwork({
    kv: { near: { url: server.url } },
    nodes: { origin: { role: 'origin', url: ocean.url }, 'pop-a': pop, 'pop-b': pop },
    routes: [web({ upstream: upstream.url, replicate: kv() })],
  });
  origin.port = network.node('origin').port;
  ocean.weather({ latencyMs: OCEAN_MS / 2 });

  const ask = async (node: string, page: number) => {
    const startedMs = performance.now();
    const response = await fetch(network.url(node) + object(KIB, `ocean-${page}`).path);
    await response.arrayBuffer();
    return performance.now() - startedMs;
  };
  const times = async (node: string) => {
    const taken: number[] = [];
    for (let page = 0; page < PAGES; page++) taken.push(await ask(node, page));
    return percentile(
      taken.sort((a, b) => a - b),
      0.5,
    );
  };
  // Connections are made, and code is warm.
  for (const node of ['pop-a', 'pop-b']) await ask(node, -1);
  const first = await times('pop-a');
  await eventually('all copies', async () => (await keptBy(network, 'pop-a')) >= PAGES);
  return [first, await times('pop-b'), await times('pop-b')];
}
