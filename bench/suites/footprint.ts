/** What a cache pays for each small object besides its bytes: memory, and files where it keeps files. */
import { chosenCases, takeTheField } from '../contenders.ts';
import type { Sample } from '../figures.ts';
import { type Asking, askFor, listOf } from '../load/asking.ts';
import { residentBytes, settledFileBytes } from '../memory.ts';
import { GIB, KIB, object } from '../objects.ts';
import { meridian } from '../peers/meridian.ts';
import { nginx } from '../peers/nginx.ts';
import type { Peer, Running } from '../peers/peer.ts';
import { varnish } from '../peers/varnish.ts';
import { NOTHING_FAILED, proveHit, RIGHT_BYTES } from '../proofs.ts';
import { runCase } from '../rounds.ts';
import type { Row, Run, Suite, SuiteReport } from '../suite.ts';

const PEERS: readonly Peer[] = [
  meridian({ name: 'meridian', label: 'Meridian PoP, memory', against: ['varnish', 'nginx'], disk: false }),
  meridian({ name: 'meridian-disk', label: 'Meridian PoP, memory and disk', against: ['varnish', 'nginx'] }),
  nginx({ name: 'nginx', label: 'NGINX proxy_cache', against: ['varnish'] }),
  varnish({ name: 'varnish', label: 'Varnish, malloc', against: ['nginx'] }),
];

const OBJECTS = 100_000;
const OBJECT_BYTES = KIB;
const KEPT_BYTES = 2 * GIB;
const CONNECTIONS = 20;
/** Asked for first, so that what a server makes once is not counted as what it makes for each. */
const WARM_OBJECTS = 2_000;
/** The runtimes give memory back when they find the time. */
const SETTLE_MS = 2_000;

const titleOf = (objects: number) => `${objects.toLocaleString('en-US')} objects of 1 KiB`;

export const footprint: Suite = {
  name: 'footprint',
  about: 'Memory for each small object, of the server and of the files that it keeps.',
  cases: [titleOf(OBJECTS)],
  peers: PEERS.map(({ name }) => name),
  defaults: { rounds: 1, seconds: 1 },
  run: runFootprint,
};

async function runFootprint(given: Run): Promise<SuiteReport> {
  const run = { ...given, rounds: 1 }; // A second round would find the objects there.
  const objects = run.objects ?? OBJECTS;
  const [chosen] = chosenCases(run, [{ title: titleOf(objects) }]);
  const { upstream, contenders, versions } = await takeTheField(run, {
    peers: PEERS,
    bodies: [object(OBJECT_BYTES, 'footprint')],
    keep: { memoryBytes: KEPT_BYTES, diskBytes: KEPT_BYTES, filesOn: 'disk' },
  });

  const asking = { scratch: run.scratch, cores: run.cores, upstream };
  const paths = (what: string, count: number) =>
    listOf(
      run.scratch,
      Array.from({ length: count }, (_, index) => object(OBJECT_BYTES, `${what}-${index}`).path),
    );
  const lists = { warm: paths('warm', WARM_OBJECTS), all: paths('kept', objects) };
  const rows: Row[] = await runCase(run, chosen?.title ?? '', contenders, (running) =>
    measure(asking, running, lists, objects),
  );
  return {
    suite: footprint.name,
    about: footprint.about,
    versions,
    proofs: [
      RIGHT_BYTES,
      NOTHING_FAILED,
      'Afterwards the first, the middle and the last object were asked for, and came from store.',
    ],
    subjects: ['meridian', 'meridian-disk'],
    rounds: run.rounds,
    seconds: run.seconds,
    figures: ['bytesPerObject', 'filesPerObject', 'requestsPerSecond'],
    rows,
  };
}

async function measure(
  asking: Asking,
  running: Running,
  lists: { readonly warm: string; readonly all: string },
  objects: number,
): Promise<Sample> {
  await askFor(asking, running, lists.warm, { connections: CONNECTIONS });
  const before = await weigh(running);
  const { requestsPerSecond } = await askFor(asking, running, lists.all, { connections: CONNECTIONS });
  const after = await weigh(running);
  const base = running.on['http/1.1'];
  for (const index of [0, objects >> 1, objects - 1]) {
    const body = object(OBJECT_BYTES, `kept-${index}`);
    if (typeof base === 'string') await proveHit(running, base, body, 'http/1.1');
  }
  return {
    bytesPerObject: (after.resident - before.resident) / objects,
    filesPerObject: (after.files - before.files) / objects,
    requestsPerSecond,
  };
}

async function weigh({ pids, files }: Running): Promise<{ resident: number; files: number }> {
  await Bun.sleep(SETTLE_MS);
  const written = files === undefined ? 0 : await settledFileBytes(files);
  return { resident: residentBytes(pids), files: written };
}
