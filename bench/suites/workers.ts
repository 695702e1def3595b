/**
 * What more workers bring. All servers and the load generator share both cores, since a server of two processes would
 * otherwise have nothing to run on; so what is fair is what a second of a server's processor time brings, and the
 * raw rates say how far the load generator let it come.
 */
import { join } from 'node:path';
import { chosenCases, takeTheField } from '../contenders.ts';
import { type CpuWindow, costOf, startCpu } from '../cpu.ts';
import type { Sample } from '../figures.ts';
import { askFor, listOf } from '../load/asking.ts';
import type { HandshakesReport } from '../load/handshakes.ts';
import { sharedCores } from '../machine.ts';
import { KIB, MIB, object } from '../objects.ts';
import { meridian } from '../peers/meridian.ts';
import { nginx } from '../peers/nginx.ts';
import type { NotServed, Peer, Running } from '../peers/peer.ts';
import { varnish } from '../peers/varnish.ts';
import { pinned } from '../process.ts';
import { NOTHING_FAILED, proveHit, RIGHT_BYTES } from '../proofs.ts';
import { runCase } from '../rounds.ts';
import type { Row, Run, Suite, SuiteReport } from '../suite.ts';
import type { Upstream } from '../upstream.ts';
import { hopCases, measureHop } from '../workers/hop.ts';

const asPop = { disk: false, origin: 'upstream' } as const;
const PEERS: readonly Peer[] = [
  meridian({ name: 'meridian-1', label: 'Meridian PoP, 1 worker', against: ['nginx', 'varnish'], ...asPop }),
  meridian({
    name: 'meridian-2',
    label: 'Meridian PoP, 2 workers',
    against: ['meridian-1', 'nginx', 'varnish'],
    workers: 2,
    ...asPop,
  }),
  nginx({
    name: 'nginx',
    label: 'NGINX, 2 worker processes',
    against: ['varnish'],
    workers: 2,
    bounded: true,
  }),
  varnish({ name: 'varnish', label: 'Varnish, 2 pools of threads', against: ['nginx'], pools: 2 }),
];

const KEPT_BYTES = 256 * MIB;
const CONNECTIONS = 50;
const HANDSHAKES = join(import.meta.dirname, '../load/handshakes.ts');
/** No server here answers more misses than this in a second, so that no list is gone through twice. */
const MOST_PER_SECOND = 40_000;

/** Before a measurement of hits: by then each process has what it will have, and its code is compiled. */
const WARM_SECONDS = 2;

/** What is asked for: some objects again and again, new ones only, or one of them over a new connection each time. */
type Asks = 'stored' | 'new' | 'anew';

interface Case {
  readonly title: string;
  readonly asks: Asks;
  readonly bytes: number;
  readonly objects: number;
}

const CASES: readonly Case[] = [
  { title: 'hits, 1,000 objects of 1 KiB', asks: 'stored', bytes: KIB, objects: 1_000 },
  { title: 'hits, 500 objects of 100 KiB', asks: 'stored', bytes: 100 * KIB, objects: 500 },
  { title: 'misses, 1 KiB', asks: 'new', bytes: KIB, objects: 0 },
  { title: 'TLS, a new connection for each hit of 1 KiB', asks: 'anew', bytes: KIB, objects: 1 },
];

const FIGURES = [
  ...(['requestsPerSecond', 'perCpuSecond', 'cpuMicros', 'p50Micros', 'p99Micros'] as const),
  ...(['serverBusy', 'loadBusy', 'foreign'] as const),
];

export const workers: Suite = {
  name: 'workers',
  about:
    'A PoP of one and of two workers on two cores, and what it costs to hand a request to the worker that keeps it.',
  cases: [...CASES.map(({ title }) => title), ...hopCases()],
  peers: PEERS.map(({ name }) => name),
  defaults: { rounds: 2, seconds: 2 },
  run: runWorkers,
};

async function runWorkers(alone: Run): Promise<SuiteReport> {
  const run = { ...alone, cores: sharedCores(alone.cores) };
  const isHopOnly = run.only !== '' && hopCases().some((title) => title.includes(run.only));
  const rows: Row[] = [];
  let versions: Readonly<Record<string, string>> = {};
  if (!isHopOnly) {
    const field = await takeTheField(run, {
      peers: PEERS,
      bodies: [object(KIB, 'workers'), object(100 * KIB, 'workers')],
      keep: { memoryBytes: KEPT_BYTES, diskBytes: 0, filesOn: 'memory' },
    });
    versions = field.versions;
    for (const each of chosenCases(run, CASES)) {
      const take = (running: Running) => measures[each.asks](run, each, running, field.upstream);
      rows.push(...(await runCase(run, each.title, field.contenders, take)));
    }
  }
  const hop = await measureHop(run);
  return {
    suite: workers.name,
    about: workers.about,
    versions,
    proofs: [
      RIGHT_BYTES,
      'The upstream was asked once for each miss, and not once for hits.',
      'All servers, the load generator and the upstream had both cores.',
      NOTHING_FAILED,
    ],
    subjects: ['meridian-1', 'meridian-2'],
    rounds: run.rounds,
    seconds: run.seconds,
    figures: FIGURES,
    rows,
    tables: hop ? [hop] : [],
  };
}

type Measure = (run: Run, each: Case, running: Running, upstream: Upstream) => Promise<Sample | NotServed>;

const measures: Readonly<Record<Asks, Measure>> = {
  stored: (run, { bytes, objects }, running, upstream) => {
    const paths = Array.from({ length: objects }, (_, at) => object(bytes, `stored-${at}`).path);
    return askList(run, running, upstream, paths, true);
  },
  new: (run, { bytes }, running, upstream) => {
    const take = ++takes;
    const paths = Array.from(
      { length: run.seconds * MOST_PER_SECOND },
      (_, at) => object(bytes, `new-${take}-${at}`).path,
    );
    return askList(run, running, upstream, paths, false);
  },
  anew: askAnew,
};

/** Makes other objects of each measurement of misses: nobody has been asked for them before. */
let takes = 0;

async function askList(
  { scratch, cores, seconds }: Run,
  running: Running,
  upstream: Upstream,
  paths: readonly string[],
  areStored: boolean,
): Promise<Sample> {
  const asking = { scratch, cores, upstream };
  const list = listOf(scratch, paths);
  // Each once: from here on they are stored. And again and again: so a worker has those that others keep as near as it wants.
  if (areStored) {
    await askFor(asking, running, list, { connections: CONNECTIONS });
    await askFor(asking, running, list, { connections: CONNECTIONS, seconds: WARM_SECONDS });
  }
  const before = await upstream.requests();
  const asked = await askFor(asking, running, list, { connections: CONNECTIONS, seconds });
  const upstreamRequests = (await upstream.requests()) - before;
  if (upstreamRequests !== (areStored ? 0 : asked.answers))
    throw new Error(`the upstream was asked ${upstreamRequests} times for ${asked.answers} answers`);
  return sampleOf(asked, asked.cpu);
}

async function visitAnew({ cores }: Run, running: Running, url: string, seconds: number, bytes: number) {
  const words = [url, CONNECTIONS, seconds, bytes].map(String);
  const child = Bun.spawn(pinned(cores.load, [process.execPath, HANDSHAKES, ...words]), {
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const stop = startCpu({ server: running.pids, load: [child.pid] }, cores);
  const said = await child.stdout.text();
  if ((await child.exited) !== 0) throw new Error('the load generator gave up');
  const report = JSON.parse(said) as HandshakesReport;
  return { report, cpu: stop(report.ownMicros) };
}

async function askAnew(
  run: Run,
  { bytes }: Case,
  running: Running,
  upstream: Upstream,
): Promise<Sample | NotServed> {
  const { seconds } = run;
  const base = running.on['https/1.1'];
  if (typeof base !== 'string') return base;
  const body = object(bytes, 'workers');
  const visit = (forSeconds: number) => visitAnew(run, running, base + body.path, forSeconds, bytes);
  // Also so that each process has it: NGINX drops it to make room for misses, but a process that has the file open goes on sending it,
  // while the other one has to ask for it again.
  await visit(WARM_SECONDS);
  await proveHit(running, base, body, 'https/1.1');
  const before = await upstream.requests();
  const { report, cpu } = await visit(seconds);
  if ((await upstream.requests()) !== before) throw new Error('the upstream was asked for hits');
  // The generator's own start is time in which the server had nothing to do.
  return sampleOf({ ...report, requestsPerSecond: report.answers / cpu.seconds }, cpu);
}

interface Rates {
  readonly requestsPerSecond: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

function sampleOf({ requestsPerSecond, p50Micros, p99Micros }: Rates, cpu: CpuWindow): Sample {
  const cost = costOf(cpu, requestsPerSecond);
  return { requestsPerSecond, perCpuSecond: 1e6 / cost.cpuMicros, p50Micros, p99Micros, ...cost };
}
