/**
 * An object that no cache has yet, and that is long: to one client, how much later than through a proxy that keeps
 * nothing; to a crowd that asks at the same moment, how often the upstream is asked, and who waits for whom.
 */
import { chosenCases, takeTheField } from '../contenders.ts';
import { microsUntilRest } from '../cpu.ts';
import type { Sample } from '../figures.ts';
import { type Asking, askFor, cpuSeconds, listOf } from '../load/asking.ts';
import { peakBytes, resetPeak } from '../memory.ts';
import { type Body, GIB, MIB, object } from '../objects.ts';
import { meridian } from '../peers/meridian.ts';
import { nginx } from '../peers/nginx.ts';
import type { Peer, Running } from '../peers/peer.ts';
import { varnish } from '../peers/varnish.ts';
import { NOTHING_FAILED, RIGHT_BYTES } from '../proofs.ts';
import { runCase } from '../rounds.ts';
import type { Row, Run, Suite, SuiteReport } from '../suite.ts';

const AGAINST = ['nginx-proxy', 'nginx', 'varnish'];

const PEERS: readonly Peer[] = [
  meridian({ name: 'meridian', label: 'Meridian PoP', against: [...AGAINST, 'nginx-proxy-unbuffered'] }),
  meridian({
    name: 'meridian-both',
    label: 'Meridian PoP and origin, one core',
    against: AGAINST,
    origin: 'beside',
  }),
  nginx({ name: 'nginx-proxy', label: 'NGINX, plain proxy', against: ['nginx'], cache: false }),
  nginx({
    name: 'nginx-proxy-unbuffered',
    label: 'NGINX, plain proxy, unbuffered',
    against: ['nginx-proxy'],
    cache: false,
    buffering: false,
  }),
  nginx({ name: 'nginx', label: 'NGINX proxy_cache', against: ['nginx-proxy'] }),
  varnish({ name: 'varnish', label: 'Varnish', against: ['nginx-proxy'] }),
];

/** The crowd gets a shorter object, or the suite would take hours: five hundred of 16 MiB are 8 GiB. */
const CROWD = 500;
const CROWD_SHARE = 1 / 64;
const KEPT_BYTES = 6 * GIB;

interface Case {
  readonly title: string;
  readonly body: Body;
  readonly connections: number;
}

function casesOf(size: number = GIB): readonly Case[] {
  const alone = object(size, 'cold');
  const shared = object(Math.round(size * CROWD_SHARE), 'cold');
  return [
    { title: `cold, ${alone.label}, 1 client`, body: alone, connections: 1 },
    { title: `cold, ${shared.label}, ${CROWD} clients at once`, body: shared, connections: CROWD },
  ];
}

export const fill: Suite = {
  name: 'fill',
  about:
    'A long object that is not there yet: through to one client, and to a crowd with one request upstream.',
  cases: casesOf().map(({ title }) => title),
  peers: PEERS.map(({ name }) => name),
  defaults: { rounds: 1, seconds: 1 },
  run: runFill,
};

async function runFill(run: Run): Promise<SuiteReport> {
  const cases = chosenCases(run, casesOf(run.size));
  const { upstream, contenders, versions } = await takeTheField(run, {
    peers: PEERS,
    bodies: [object(MIB, 'fill')],
    keep: { memoryBytes: KEPT_BYTES, diskBytes: KEPT_BYTES, filesOn: 'memory' },
  });

  // It makes a long object when it is first asked for it: whoever is measured first would wait for that.
  for (const { body } of cases) await fetch(upstream.url + body.path, { method: 'HEAD' });
  const asking = { scratch: run.scratch, cores: run.cores, upstream };
  const rows: Row[] = [];
  for (const each of cases) {
    rows.push(...(await runCase(run, each.title, contenders, (running) => measure(asking, each, running))));
  }
  return {
    suite: fill.name,
    about: fill.about,
    versions,
    proofs: [
      RIGHT_BYTES,
      'Every measurement asked for what the server had never been asked for.',
      'Every client got as many bytes as the object has.',
      NOTHING_FAILED,
    ],
    subjects: ['meridian', 'meridian-both'],
    rounds: run.rounds,
    seconds: run.seconds,
    figures: [
      ...(['totalSeconds', 'mibPerSecond', 'cpuPerGib', 'firstByteMs', 'lastFirstByteMs'] as const),
      ...(['upstreamRequests', 'peakMib', 'serverBusy', 'loadBusy', 'foreign'] as const),
    ],
    rows,
  };
}

/** Makes another object of each measurement: nobody has been asked for it before. */
let takes = 0;

async function measure(asking: Asking, { body, connections }: Case, running: Running): Promise<Sample> {
  const list = listOf(asking.scratch, new Array<string>(connections).fill(`${body.path}?take=${++takes}`));
  const before = await asking.upstream.requests();
  resetPeak(running.pids);
  const asked = await askFor(asking, running, list, { connections });
  const { cpu, firstByteMs } = asked;
  const seconds = cpuSeconds(asked) + (await microsUntilRest(running.pids)) / 1e6;
  return {
    totalSeconds: asked.seconds,
    mibPerSecond: asked.bytes / MIB / asked.seconds,
    cpuPerGib: seconds / (asked.bytes / GIB),
    firstByteMs: firstByteMs.p50,
    lastFirstByteMs: firstByteMs.last,
    upstreamRequests: (await asking.upstream.requests()) - before,
    peakMib: peakBytes(running.pids) / MIB,
    serverBusy: cpu.serverBusy,
    loadBusy: cpu.loadBusy,
    foreign: cpu.foreign,
  };
}
