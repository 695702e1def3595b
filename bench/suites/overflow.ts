/**
 * More than memory holds: what is asked for is ten times as much. Who keeps the right tenth in memory, and what does
 * the rest cost?
 */

import { takeTheField } from '../contenders.ts';
import { costOf } from '../cpu.ts';
import type { Sample } from '../figures.ts';
import { type Asking, askFor, listOf } from '../load/asking.ts';
import { settledFileBytes } from '../memory.ts';
import { MIB, sizeLabel } from '../objects.ts';
import { meridian } from '../peers/meridian.ts';
import { nginx } from '../peers/nginx.ts';
import type { Peer, Running } from '../peers/peer.ts';
import { varnish } from '../peers/varnish.ts';
import { NOTHING_FAILED, RIGHT_BYTES } from '../proofs.ts';
import { runCase } from '../rounds.ts';
import type { Run, Suite, SuiteReport } from '../suite.ts';
import { workload } from '../workload.ts';

const PEERS: readonly Peer[] = [
  meridian({
    name: 'meridian',
    label: 'Meridian PoP, memory and disk',
    against: ['nginx-disk', 'varnish-file'],
  }),
  meridian({
    name: 'meridian-memory',
    label: 'Meridian PoP, memory',
    against: ['nginx', 'varnish'],
    disk: false,
  }),
  nginx({ name: 'nginx', label: 'NGINX proxy_cache, as much memory', against: ['varnish'], bounded: true }),
  nginx({ name: 'nginx-disk', label: 'NGINX proxy_cache, all on disk', against: ['varnish-file'] }),
  varnish({ name: 'varnish', label: 'Varnish, malloc', against: ['nginx'] }),
  varnish({ name: 'varnish-file', label: 'Varnish, file', against: ['nginx-disk'], storage: 'file' }),
];

/** `--size`. */
const MEMORY_BYTES = 64 * MIB;
const TIMES_MEMORY = 10;
const CONNECTIONS = 50;
/** Before anything is measured, for each object of the set. */
const WARM_REQUESTS = 3;
const MEASURED_REQUESTS = 200_000;

const titleOf = (memory: number) =>
  `${sizeLabel(memory)} of memory, ${sizeLabel(memory * TIMES_MEMORY)} of objects`;

export const overflow: Suite = {
  name: 'overflow',
  about: 'Requests for ten times as much as memory holds, few objects often and many rarely.',
  cases: [titleOf(MEMORY_BYTES)],
  peers: PEERS.map(({ name }) => name),
  defaults: { rounds: 2, seconds: 5 },
  run: runOverflow,
};

async function runOverflow(run: Run): Promise<SuiteReport> {
  const memoryBytes = run.size ?? MEMORY_BYTES;
  const { objects, requests } = workload(memoryBytes * TIMES_MEMORY);
  const { upstream, contenders, versions } = await takeTheField(run, {
    peers: PEERS,
    bodies: objects.slice(0, 5),
    keep: { memoryBytes, diskBytes: 2 * TIMES_MEMORY * memoryBytes, filesOn: 'disk' },
  });

  const asking = { scratch: run.scratch, cores: run.cores, upstream };
  const warm = listOf(run.scratch, requests(objects.length * WARM_REQUESTS, 1));
  const measured = listOf(run.scratch, requests(MEASURED_REQUESTS, 2));
  const warmed = new Set<Running>();
  const rows = await runCase(run, titleOf(memoryBytes), contenders, async (running, peer) => {
    if (!warmed.has(running)) run.progress(`filling ${peer.label}`);
    if (!warmed.has(running)) await warmUp(asking, running, warm);
    warmed.add(running);
    return measure(asking, running, measured, run.seconds);
  });
  return {
    suite: overflow.name,
    about: overflow.about,
    versions,
    proofs: [
      RIGHT_BYTES,
      'Every body was as long as its path says.',
      'Hits are counted by the upstream, not by what the servers say.',
      NOTHING_FAILED,
    ],
    subjects: ['meridian', 'meridian-memory'],
    rounds: run.rounds,
    seconds: run.seconds,
    figures: [
      ...(['requestsPerSecond', 'hitRatio', 'byteHitRatio', 'cpuMicros', 'p50Micros', 'p99Micros'] as const),
      ...(['serverBusy', 'loadBusy', 'foreign'] as const),
    ],
    rows,
  };
}

async function warmUp(asking: Asking, running: Running, list: string): Promise<void> {
  await askFor(asking, running, list, { connections: CONNECTIONS });
  if (running.files !== undefined) await settledFileBytes(running.files);
}

async function measure(asking: Asking, running: Running, list: string, seconds: number): Promise<Sample> {
  const { upstream } = asking;
  const before = { requests: await upstream.requests(), bytes: await upstream.bytes() };
  const asked = await askFor(asking, running, list, { connections: CONNECTIONS, seconds });
  const { cpu, requestsPerSecond } = asked;
  return {
    requestsPerSecond,
    hitRatio: 1 - ((await upstream.requests()) - before.requests) / asked.answers,
    byteHitRatio: 1 - ((await upstream.bytes()) - before.bytes) / asked.bytes,
    p50Micros: asked.p50Micros,
    p99Micros: asked.p99Micros,
    ...costOf(cpu, requestsPerSecond),
  };
}
