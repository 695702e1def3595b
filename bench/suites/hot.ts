/**
 * A flood of requests for one object, over more connections than a server has processes. Each has both cores, which it shares
 * with the load generator: so the rates say how much a machine does that is asked by itself, and processor time what it costs.
 */
import { chosenCases, takeTheField } from '../contenders.ts';
import { type CpuWindow, watchCpu } from '../cpu.ts';
import type { Sample } from '../figures.ts';
import type { LoadGenerator, Target } from '../load/load.ts';
import { wrk } from '../load/wrk.ts';
import { sharedCores } from '../machine.ts';
import { type Body, KIB, object } from '../objects.ts';
import { meridian } from '../peers/meridian.ts';
import { nginx } from '../peers/nginx.ts';
import { ask, type Peer, type Running } from '../peers/peer.ts';
import { varnish } from '../peers/varnish.ts';
import { NOTHING_FAILED, RIGHT_BYTES } from '../proofs.ts';
import { runCase } from '../rounds.ts';
import type { Row, Run, Suite, SuiteReport } from '../suite.ts';
import type { Upstream } from '../upstream.ts';

/** Whose workers keep copies: it is measured once they do. */
const REPLICATING = 'meridian';
const PEERS: readonly Peer[] = [
  meridian({
    name: REPLICATING,
    label: 'Meridian PoP, 2 workers',
    against: ['meridian-apart', 'nginx', 'varnish'],
    workers: 2,
  }),
  meridian({
    name: 'meridian-apart',
    label: 'Meridian PoP, 2 workers, no copies',
    against: ['nginx', 'varnish'],
    workers: 2,
    hot: false,
  }),
  nginx({ name: 'nginx', label: 'NGINX proxy_cache, 2 workers', workers: 2 }),
  varnish({ name: 'varnish', label: 'Varnish, 2 thread pools', pools: 2 }),
];

interface Case {
  readonly title: string;
  readonly body: Body;
}

const CONNECTIONS = 50;
const BODIES = [object(KIB, 'hot'), object(100 * KIB, 'hot')];
const CASES: readonly Case[] = BODIES.map((body) => ({
  title: `one object of ${body.label}, ${CONNECTIONS} connections`,
  body,
}));

const FIGURES = ['requestsPerSecond', 'cpuMicros', 'p50Micros', 'p99Micros'] as const;

/** Until copies are kept, in runs of the load generator: it takes two looks at the rates, five seconds each. */
const MOST_WARM_UPS = 20;
/** New connections of which each has to find a copy: by chance the system would not give all of them to the owner. */
const LOOKS = 30;

export const hot: Suite = {
  name: 'hot',
  about: 'One object that everybody wants, from two processes on two cores, against NGINX and Varnish.',
  cases: CASES.map(({ title }) => title),
  peers: PEERS.map(({ name }) => name),
  defaults: { rounds: 3, seconds: 3 },
  run: runHot,
};

async function runHot(alone: Run): Promise<SuiteReport> {
  const run = { ...alone, cores: sharedCores(alone.cores) };
  const cases = chosenCases(run, CASES);
  const generator = wrk(run.scratch);
  const { upstream, contenders, versions } = await takeTheField(run, {
    peers: PEERS,
    bodies: BODIES,
    keep: { filesOn: 'memory' },
    generators: [generator],
  });
  const rows: Row[] = [];
  for (const each of cases) {
    const take = (running: Running, peer: Peer) => measure(run, each, generator, running, peer, upstream);
    rows.push(...(await runCase(run, each.title, contenders, take)));
  }
  return {
    suite: hot.name,
    about: hot.about,
    versions,
    proofs: [
      RIGHT_BYTES,
      `Where workers keep copies, each of ${LOOKS} new connections found one before the measurement, in the worker that it came to.`,
      'The upstream was not asked once during the measurements.',
      NOTHING_FAILED,
    ],
    subjects: [REPLICATING, 'meridian-apart'],
    rounds: run.rounds,
    seconds: run.seconds,
    figures: FIGURES,
    rows,
  };
}

async function measure(
  { cores, seconds }: Run,
  { body }: Case,
  generator: LoadGenerator,
  running: Running,
  peer: Peer,
  upstream: Upstream,
): Promise<Sample> {
  const base = running.on['http/1.1'];
  if (typeof base !== 'string') throw new Error(base.because);
  const target: Target = { url: base + body.path, connections: CONNECTIONS, streams: 1, seconds };
  await generator.warmUp(target, cores.load);
  if (peer.name === REPLICATING) {
    for (let runs = 1; !(await isEverywhere(running, base, body)); runs++) {
      if (runs > MOST_WARM_UPS) throw new Error('the workers keep no copies');
      await generator.warmUp(target, cores.load);
    }
  }
  const askedBefore = await upstream.requests();
  let watching: Promise<CpuWindow> | undefined;
  const load = await generator.measure(target, cores.load, (pid, fromMs, toMs) => {
    watching = watchCpu({ server: running.pids, load: [pid] }, cores, fromMs, toMs);
  });
  const cpu = await watching;
  if (!cpu) throw new Error('nobody watched the processor');
  if ((await upstream.requests()) !== askedBefore)
    throw new Error('the upstream was asked during the measurement');
  return { ...load, cpuMicros: (cpu.serverBusy * 1e6) / load.requestsPerSecond };
}

/** Whether each worker answers from its own memory. */
async function isEverywhere(running: Running, base: string, body: Body): Promise<boolean> {
  for (let look = 0; look < LOOKS; look++) {
    const response = await ask(base, body.path, 'http/1.1', { connection: 'close' });
    await response.bytes();
    if (!running.isHit(response.headers)) return false;
  }
  return true;
}
