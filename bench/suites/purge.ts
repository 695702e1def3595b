/**
 * A purge of very many objects by one tag, while others are being asked for: what the clients notice, and how long
 * it takes until nothing that bears the tag is served any more.
 */
import { takeTheField } from '../contenders.ts';
import type { Sample } from '../figures.ts';
import { type Asking, askFor, listOf } from '../load/asking.ts';
import { GIB, KIB, object } from '../objects.ts';
import { meridian } from '../peers/meridian.ts';
import { nginx } from '../peers/nginx.ts';
import { ask, type NotServed, type Peer, type Running } from '../peers/peer.ts';
import { varnish } from '../peers/varnish.ts';
import { NOTHING_FAILED, proveHit, RIGHT_BYTES } from '../proofs.ts';
import { runCase } from '../rounds.ts';
import type { Run, Suite, SuiteReport } from '../suite.ts';

const PEERS: readonly Peer[] = [
  meridian({ name: 'meridian', label: 'Meridian PoP', against: ['varnish-xkey', 'varnish-ban'] }),
  varnish({ name: 'varnish-ban', label: 'Varnish, ban', against: ['varnish-xkey'], purging: 'ban' }),
  varnish({ name: 'varnish-xkey', label: 'Varnish, xkey', against: ['varnish-ban'], purging: 'xkey' }),
  nginx({ name: 'nginx', label: 'NGINX proxy_cache' }),
];

const OBJECTS = 100_000;
const TAG = 'shelf';
const KEPT_BYTES = 2 * GIB;
const FILLING = 20;
const CONNECTIONS = 50;
/** The clients are asking when the purge comes. */
const LEAD_MS = 300;
/** So many of the purged objects are asked for afterwards. */
const SAMPLES = 50;
/** A purge that does not hold after this long does not count as one. */
const PATIENCE_MS = 30_000;

const HOT = object(KIB, 'hot');
const tagged = (index: number) => object(KIB, `${TAG}/${index}`);
const titleOf = (objects: number) => `${objects.toLocaleString('en-US')} objects of 1 KiB by one tag`;

export const purge: Suite = {
  name: 'purge',
  about: 'Hits on other objects while very many are purged by a tag, and the time until the purge holds.',
  cases: [titleOf(OBJECTS)],
  peers: PEERS.map(({ name }) => name),
  defaults: { rounds: 2, seconds: 2 },
  run: runPurge,
};

async function runPurge(run: Run): Promise<SuiteReport> {
  const objects = run.objects ?? OBJECTS;
  const { upstream, contenders, versions } = await takeTheField(run, {
    peers: PEERS,
    bodies: [HOT],
    keep: { memoryBytes: KEPT_BYTES, diskBytes: KEPT_BYTES, filesOn: 'memory' },
  });

  const asking = { scratch: run.scratch, cores: run.cores, upstream };
  const lists: Lists = {
    hot: listOf(run.scratch, [HOT.path]),
    tagged: listOf(
      run.scratch,
      Array.from({ length: objects }, (_, index) => tagged(index).path),
    ),
  };
  const rows = await runCase(run, titleOf(objects), contenders, (running) =>
    measure(asking, running, lists, objects, run.seconds),
  );
  return {
    suite: purge.name,
    about: purge.about,
    versions,
    proofs: [
      RIGHT_BYTES,
      'Before each purge the first and the last object with the tag came from store.',
      `Afterwards ${SAMPLES} objects with the tag, spread over all of them, were misses; one without it was still a hit.`,
      NOTHING_FAILED,
    ],
    subjects: ['meridian'],
    rounds: run.rounds,
    seconds: run.seconds,
    figures: [
      ...([
        'holdsMs',
        'requestsPerSecond',
        'rateShare',
        'p99BeforeMicros',
        'p99Micros',
        'worstMicros',
      ] as const),
      ...(['serverBusy', 'loadBusy', 'foreign'] as const),
    ],
    rows,
  };
}

interface Lists {
  readonly hot: string;
  readonly tagged: string;
}

async function measure(
  asking: Asking,
  running: Running,
  lists: Lists,
  objects: number,
  seconds: number,
): Promise<Sample | NotServed> {
  const base = running.on['http/1.1'];
  if (typeof base !== 'string') return base;
  const { purge: purgeBy = { because: 'it is not set up for that' } } = running;
  if (typeof purgeBy !== 'function') return purgeBy;

  await askFor(asking, running, lists.tagged, { connections: FILLING });
  for (const body of [tagged(0), tagged(objects - 1), HOT]) await proveHit(running, base, body, 'http/1.1');
  const options = { connections: CONNECTIONS, seconds };
  const before = await askFor(asking, running, lists.hot, options);

  const meanwhile = askFor(asking, running, lists.hot, options);
  const held = Bun.sleep(LEAD_MS).then(() => holding(running, base, purgeBy, objects));
  const [after, holdsMs] = await Promise.all([meanwhile, held]);
  await proveHit(running, base, HOT, 'http/1.1');
  const { cpu } = after;
  return {
    holdsMs,
    requestsPerSecond: after.requestsPerSecond,
    rateShare: after.requestsPerSecond / before.requestsPerSecond,
    p99BeforeMicros: before.p99Micros,
    p99Micros: after.p99Micros,
    worstMicros: after.worstMicros,
    serverBusy: cpu.serverBusy,
    loadBusy: cpu.loadBusy,
    foreign: cpu.foreign,
  };
}

/** Purges, and looks until everything is a miss. Milliseconds from the request to purge until the last hit, or its answer. */
async function holding(
  running: Running,
  base: string,
  purgeBy: (tag: string) => Promise<void>,
  objects: number,
): Promise<number> {
  const startedAt = performance.now();
  await purgeBy(TAG);
  let holdsMs = performance.now() - startedAt;
  for (let sample = 0; sample < SAMPLES; ) {
    const response = await ask(base, tagged(Math.floor((sample * objects) / SAMPLES)).path, 'http/1.1');
    await response.bytes();
    if (!running.isHit(response.headers)) {
      sample++; // It is stored anew now: each is asked for once.
      continue;
    }
    holdsMs = performance.now() - startedAt;
    if (holdsMs > PATIENCE_MS) throw new Error(`what was purged is still served after ${PATIENCE_MS} ms`);
  }
  return holdsMs;
}
