/**
 * Small objects that nobody has asked for before: what does it cost to fetch one, to pass it on and to keep it? A crawler
 * asks so, and everybody does on the first day.
 */

import { takeTheField } from '../contenders.ts';
import { costOf } from '../cpu.ts';
import type { Sample } from '../figures.ts';
import { type Asking, askFor, listOf } from '../load/asking.ts';
import { KIB, MIB, object } from '../objects.ts';
import { meridian } from '../peers/meridian.ts';
import { nginx } from '../peers/nginx.ts';
import type { Peer, Running } from '../peers/peer.ts';
import { varnish } from '../peers/varnish.ts';
import { NOTHING_FAILED, RIGHT_BYTES } from '../proofs.ts';
import { runCase } from '../rounds.ts';
import type { Run, Suite, SuiteReport } from '../suite.ts';

const PEERS: readonly Peer[] = [
  meridian({
    name: 'meridian',
    label: 'Meridian PoP',
    against: ['nginx', 'varnish'],
    disk: false,
    origin: 'upstream',
  }),
  nginx({ name: 'nginx', label: 'NGINX proxy_cache', against: ['varnish'], bounded: true }),
  varnish({ name: 'varnish', label: 'Varnish', against: ['nginx'] }),
];

const KEPT_BYTES = 256 * MIB;
const CONNECTIONS = 50;
/** What is kept so soon is full, and code that runs often is compiled. */
const WARM_SECONDS = 3;
/** No server here answers more misses than this in a second, so that no list is gone through twice. */
const MOST_PER_SECOND = 30_000;

const TITLE = `1 KiB, never asked for before, ${CONNECTIONS} connections`;

export const miss: Suite = {
  name: 'miss',
  about: 'Small objects of which each is asked for once, so that every request goes upstream and is stored.',
  cases: [TITLE],
  peers: PEERS.map(({ name }) => name),
  defaults: { rounds: 3, seconds: 4 },
  run: runMiss,
};

async function runMiss(run: Run): Promise<SuiteReport> {
  const { upstream, contenders, versions } = await takeTheField(run, {
    peers: PEERS,
    bodies: [object(KIB, 'miss')],
    keep: { memoryBytes: KEPT_BYTES, diskBytes: 0, filesOn: 'memory' },
  });

  const asking = { scratch: run.scratch, cores: run.cores, upstream };
  const warmed = new Set<Running>();
  const rows = await runCase(run, TITLE, contenders, async (running) => {
    if (!warmed.has(running)) await measure(asking, running, WARM_SECONDS);
    warmed.add(running);
    return measure(asking, running, run.seconds);
  });
  return {
    suite: miss.name,
    about: miss.about,
    versions,
    proofs: [
      RIGHT_BYTES,
      'The upstream was asked once for each answer.',
      'Every body was as long as its path says.',
      NOTHING_FAILED,
    ],
    subjects: ['meridian'],
    rounds: run.rounds,
    seconds: run.seconds,
    figures: [
      ...(['requestsPerSecond', 'cpuMicros', 'p50Micros', 'p99Micros'] as const),
      ...(['serverBusy', 'loadBusy', 'foreign'] as const),
    ],
    rows,
  };
}

/** Makes other objects of each measurement: nobody has been asked for them before. */
let takes = 0;

async function measure(asking: Asking, running: Running, seconds: number): Promise<Sample> {
  const { upstream } = asking;
  const take = ++takes;
  const paths = Array.from(
    { length: seconds * MOST_PER_SECOND },
    (_, index) => object(KIB, `m${take}-${index}`).path,
  );
  const before = await upstream.requests();
  const asked = await askFor(asking, running, listOf(asking.scratch, paths), {
    connections: CONNECTIONS,
    seconds,
  });
  const upstreamRequests = (await upstream.requests()) - before;
  if (upstreamRequests !== asked.answers) {
    throw new Error(`the upstream was asked ${upstreamRequests} times for ${asked.answers} answers`);
  }
  const { cpu, requestsPerSecond } = asked;
  return {
    requestsPerSecond,
    p50Micros: asked.p50Micros,
    p99Micros: asked.p99Micros,
    ...costOf(cpu, requestsPerSecond),
  };
}
