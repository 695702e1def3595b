/**
 * Long objects from disk: what it costs to hand a file to a client. The files are on a disk, and in the page cache,
 * where those of a busy cache are: so this measures the way from there to the socket, not the disk.
 */
import { chosenCases, takeTheField } from '../contenders.ts';
import type { Sample } from '../figures.ts';
import { type Asking, askFor, cpuSeconds, listOf } from '../load/asking.ts';
import { type Body, GIB, MIB, object } from '../objects.ts';
import { meridian } from '../peers/meridian.ts';
import { nginx } from '../peers/nginx.ts';
import type { Peer, Running } from '../peers/peer.ts';
import { varnish } from '../peers/varnish.ts';
import { NOTHING_FAILED, proveHit, RIGHT_BYTES } from '../proofs.ts';
import { runCase } from '../rounds.ts';
import type { Row, Run, Suite, SuiteReport } from '../suite.ts';

const PEERS: readonly Peer[] = [
  meridian({ name: 'meridian', label: 'Meridian PoP', against: ['nginx', 'varnish', 'varnish-file'] }),
  nginx({ name: 'nginx', label: 'NGINX proxy_cache, sendfile', against: ['varnish'] }),
  varnish({ name: 'varnish', label: 'Varnish, malloc', against: ['nginx'] }),
  varnish({ name: 'varnish-file', label: 'Varnish, file', against: ['nginx'], storage: 'file' }),
];

const KEPT_BYTES = 4 * GIB;

interface Case {
  readonly title: string;
  readonly body: Body;
  readonly connections: number;
}

/** @param size of the largest, bytes; the other one is a tenth of it. */
function casesOf(size: number = 100 * MIB): readonly Case[] {
  const bodies = [object(size, 'disk'), object(Math.round(size / 10), 'disk')];
  return bodies.flatMap((body) =>
    [1, 10, 50].map((connections) => {
      const clients = connections === 1 ? '1 client' : `${connections} clients`;
      return { title: `HTTP/1.1, ${body.label}, ${clients}`, body, connections };
    }),
  );
}

export const disk: Suite = {
  name: 'disk',
  about: 'Long objects from disk, in the page cache: bytes a second and processor time per byte.',
  cases: casesOf().map(({ title }) => title),
  peers: PEERS.map(({ name }) => name),
  defaults: { rounds: 3, seconds: 2 },
  run: runDisk,
};

async function runDisk(run: Run): Promise<SuiteReport> {
  const cases = chosenCases(run, casesOf(run.size));
  const { upstream, contenders, versions } = await takeTheField(run, {
    peers: PEERS,
    bodies: [...new Map(cases.map(({ body }) => [body.path, body])).values()],
    keep: { memoryBytes: KEPT_BYTES, diskBytes: KEPT_BYTES, filesOn: 'disk' },
  });

  const asking = { scratch: run.scratch, cores: run.cores, upstream };
  const rows: Row[] = [];
  for (const each of cases) {
    const take = (running: Running) => measure(asking, each, running, run.seconds);
    rows.push(...(await runCase(run, each.title, contenders, take)));
  }
  return {
    suite: disk.name,
    about: disk.about,
    versions,
    proofs: [
      RIGHT_BYTES,
      'Before each measurement the server said in its own field that it answers from store.',
      'The upstream was not asked once during the measurements.',
      NOTHING_FAILED,
    ],
    subjects: ['meridian'],
    rounds: run.rounds,
    seconds: run.seconds,
    figures: ['mibPerSecond', 'cpuPerGib', 'firstByteMs', 'serverBusy', 'loadBusy', 'foreign'],
    rows,
  };
}

async function measure(
  asking: Asking,
  { body, connections }: Case,
  running: Running,
  seconds: number,
): Promise<Sample> {
  const base = running.on['http/1.1'];
  if (typeof base === 'string') await proveHit(running, base, body, 'http/1.1');
  const before = await asking.upstream.requests();
  const asked = await askFor(asking, running, listOf(asking.scratch, [body.path]), { connections, seconds });
  if ((await asking.upstream.requests()) !== before) throw new Error('the upstream was asked meanwhile');
  const { cpu } = asked;
  return {
    mibPerSecond: asked.bytes / MIB / asked.seconds,
    cpuPerGib: cpuSeconds(asked) / (asked.bytes / GIB),
    firstByteMs: asked.firstByteMs.p50,
    serverBusy: cpu.serverBusy,
    loadBusy: cpu.loadBusy,
    foreign: cpu.foreign,
  };
}
