/**
 * The question of a cache's life: how fast does it answer what it already has? One object at a time, from
 * memory, over HTTP/1.1 in the clear and HTTP/2 over TLS.
 */
import { chosenCases, takeTheField } from '../contenders.ts';
import { type CpuWindow, costOf, watchCpu } from '../cpu.ts';
import type { Sample } from '../figures.ts';
import { h2load } from '../load/h2load.ts';
import type { LoadGenerator, Target } from '../load/load.ts';
import { wrk } from '../load/wrk.ts';
import { type Body, KIB, MIB, object } from '../objects.ts';
import { bare } from '../peers/bare.ts';
import { meridian } from '../peers/meridian.ts';
import { nginx } from '../peers/nginx.ts';
import type { NotServed, Peer, Running, Wire } from '../peers/peer.ts';
import { varnish } from '../peers/varnish.ts';
import { emptyLog, NOTHING_FAILED, proveCounted, proveHit, proveLogged, RIGHT_BYTES } from '../proofs.ts';
import { runCase } from '../rounds.ts';
import type { Row, Run, Suite, SuiteReport, Table } from '../suite.ts';
import type { Upstream } from '../upstream.ts';

const PEERS: readonly Peer[] = [
  bare,
  meridian({ name: 'meridian', label: 'Meridian PoP', against: ['nginx', 'nginx-guide', 'varnish', 'bare'] }),
  nginx({ name: 'nginx', label: 'NGINX proxy_cache', against: ['varnish'] }),
  nginx({
    name: 'nginx-guide',
    label: 'NGINX proxy_cache, by its guide',
    against: ['varnish'],
    files: 'guide',
  }),
  varnish({ name: 'varnish', label: 'Varnish', against: ['nginx'] }),
  meridian({ name: 'meridian-silent', label: 'Meridian PoP, no telemetry', telemetry: 'none' }),
  meridian({
    name: 'meridian-observed',
    label: 'Meridian PoP, all telemetry but the log',
    against: ['meridian-silent'],
    telemetry: 'all',
    log: false,
  }),
  meridian({
    name: 'meridian-sampled',
    label: 'Meridian PoP, all telemetry, one request of 100 in the log',
    against: ['meridian-silent'],
    telemetry: 'all',
    log: 'sampled',
  }),
  meridian({
    name: 'meridian-telling',
    label: 'Meridian PoP, all telemetry, every request in the log',
    against: ['meridian-silent'],
    telemetry: 'all',
  }),
  meridian({
    name: 'meridian-logging',
    label: 'Meridian PoP, access log',
    against: ['nginx-logging', 'varnish-logging'],
    log: true,
  }),
  nginx({
    name: 'nginx-logging',
    label: 'NGINX proxy_cache, access log',
    against: ['varnish-logging'],
    log: true,
  }),
  varnish({
    name: 'varnish-logging',
    label: 'Varnish, log in shared memory',
    against: ['nginx-logging'],
    log: true,
  }),
];

interface Case {
  readonly title: string;
  readonly wire: Wire;
  readonly body: Body;
  readonly connections: number;
  /** On each connection. */
  readonly streams: number;
}

/** Long to measure, and about details: asked for by `--all`, or by name. */
const MORE_PEERS: readonly string[] = [
  ...['nginx-guide', 'meridian-logging', 'nginx-logging', 'varnish-logging'],
];

const BODIES = [object(KIB, 'hit'), object(100 * KIB, 'hit'), object(MIB, 'hit')];

const CROWDED: readonly Case[] = BODIES.flatMap((body) => [
  { title: `HTTP/1.1, ${body.label}, 50 connections`, wire: 'http/1.1', body, connections: 50, streams: 1 },
  {
    title: `HTTP/1.1 over TLS, ${body.label}, 50 connections`,
    wire: 'https/1.1',
    body,
    connections: 50,
    streams: 1,
  },
  { title: `HTTP/2, ${body.label}, 50 connections`, wire: 'h2', body, connections: 50, streams: 1 },
]);

/** As above. */
const MORE_CASES: readonly Case[] = BODIES.flatMap((body) => [
  { title: `HTTP/1.1, ${body.label}, 1 connection`, wire: 'http/1.1', body, connections: 1, streams: 1 },
  {
    title: `HTTP/2, ${body.label}, 5 connections of 10 streams`,
    wire: 'h2',
    body,
    connections: 5,
    streams: 10,
  },
  { title: `HTTP/2, ${body.label}, 1 connection`, wire: 'h2', body, connections: 1, streams: 1 },
]);

const CASES = [...CROWDED, ...MORE_CASES];

const FIGURES = [
  ...(['requestsPerSecond', 'cpuMicros', 'p50Micros', 'p99Micros'] as const),
  ...(['serverBusy', 'loadBusy', 'foreign'] as const),
];

export const hit: Suite = {
  name: 'hit',
  about: 'Answers from store: rate, latency and processor time, against NGINX and Varnish.',
  cases: CASES.map(({ title }) => title),
  peers: PEERS.map(({ name }) => name),
  defaults: { rounds: 3, seconds: 2 },
  run: runHit,
};

async function runHit(run: Run): Promise<SuiteReport> {
  const cases = chosenCases(run, run.all || run.only ? CASES : CROWDED);
  const isAsked = ({ name }: Peer) => run.all || run.peers.length > 0 || !MORE_PEERS.includes(name);
  const http1 = wrk(run.scratch);
  const generators = { 'http/1.1': http1, 'https/1.1': http1, h2: h2load(run.scratch) };
  const { upstream, contenders, versions } = await takeTheField(run, {
    peers: PEERS.filter(isAsked),
    bodies: BODIES,
    keep: { filesOn: 'memory' },
    generators: [generators['http/1.1'], generators.h2],
  });

  const rows: Row[] = [];
  for (const each of cases) {
    const take = (running: Running) => measure(run, each, generators[each.wire], running, upstream);
    rows.push(...(await runCase(run, each.title, contenders, take)));
  }
  return {
    suite: hit.name,
    about: hit.about,
    versions,
    proofs: [
      RIGHT_BYTES,
      'Before each measurement, and over the same protocol, the server said in its own field that it answers from store.',
      'The upstream was not asked once during the measurements.',
      NOTHING_FAILED,
      'Where an access log is written to a file, it grew by as much as lines for all answers take, or for half of its sample.',
      'Where all telemetry is on, every answer was counted in `/metrics`.',
    ],
    subjects: ['meridian', 'meridian-logging', 'meridian-sampled', 'meridian-telling'],
    rounds: run.rounds,
    seconds: run.seconds,
    figures: FIGURES,
    rows,
    tables: [overheadTable(rows)],
  };
}

/** All telemetry on, with and without a line for each request, beside all of it off. */
function overheadTable(rows: readonly Row[]): Table {
  const body = rows.flatMap(({ case: title, label, against, figures }) => {
    const rate = against?.['meridian-silent']?.requestsPerSecond;
    const silent = rows.find((row) => row.case === title && row.peer === 'meridian-silent')?.figures;
    const [on, off] = [figures?.cpuMicros?.median, silent?.cpuMicros?.median];
    if (!rate || on === undefined || off === undefined) return [];
    const shares = [rate.median, rate.min, rate.max].map((share) => `${(share * 100).toFixed(1)}%`);
    return [[title, label, ...shares, (on - off).toFixed(2)]];
  });
  return {
    title: 'What telemetry costs',
    remarks: [
      'The rate of hits with telemetry on, as a share of that with all of it off, and the processor time that it takes. All telemetry: metrics, real timings, traces and pushes to a collector every ten seconds (every minute, unless the config says otherwise); with it an access log of JSON lines in a file. Goal: 95% of the rate, with a sample of the requests in the log.',
      'A line for each request is not had for that: it is a string to make and bytes to write, and the address of its client is a system call, since the runtime tells of no connection that it could be remembered for. What that costs is the difference between the last two rows of a case.',
    ],
    names: 2,
    head: ['case', 'server', 'rate kept', 'least', 'most', 'CPU µs/request'],
    body,
  };
}

async function measure(
  { cores, seconds }: Run,
  { wire, body, connections, streams }: Case,
  generator: LoadGenerator,
  running: Running,
  upstream: Upstream,
): Promise<Sample | NotServed> {
  const base = running.on[wire];
  if (typeof base !== 'string') return base;
  const target: Target = { url: base + body.path, connections, streams, seconds };
  await proveHit(running, base, body, wire);
  const askedBefore = await upstream.requests();
  await generator.warmUp(target, cores.load);
  if (running.accessLog) emptyLog(running.accessLog);
  const countedBefore = await running.counted?.();

  let watching: Promise<CpuWindow> | undefined;
  const load = await generator.measure(target, cores.load, (pid, fromMs, toMs) => {
    watching = watchCpu({ server: running.pids, load: [pid] }, cores, fromMs, toMs);
  });
  const cpu = await watching;
  if (!cpu) throw new Error('nobody watched the processor');
  if (load.requestsPerSecond === 0) throw new Error('no answer at all');

  if ((await upstream.requests()) !== askedBefore)
    throw new Error('the upstream was asked during the measurement');
  if (running.accessLog) proveLogged(running, load.requestsPerSecond * seconds);
  if (countedBefore !== undefined)
    await proveCounted(running, countedBefore, load.requestsPerSecond * seconds);
  return {
    ...load,
    ...costOf(cpu, load.requestsPerSecond),
  };
}
