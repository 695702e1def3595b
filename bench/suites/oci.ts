/**
 * A cache for container images: manifests and small images that it has, a long layer that it has or has not, and a crowd that wants one
 * which nobody has asked for yet, against Debian's `docker-registry`.
 */
import { makeCertificate } from '../certificate.ts';
import { chosenCases } from '../contenders.ts';
import { microsUntilRest } from '../cpu.ts';
import type { Sample } from '../figures.ts';
import { type Asked, type Asking, askFor, cpuSeconds, listOf } from '../load/asking.ts';
import { peakBytes, resetPeak } from '../memory.ts';
import { GIB, MIB, sizeLabel } from '../objects.ts';
import {
  digestOf,
  MANIFEST_TYPE,
  type OciUpstream,
  REPOSITORY,
  smallImage,
  startOciRegistry,
  TAG,
} from '../oci/registry.ts';
import { requireCommands } from '../packages.ts';
import { dockerRegistry } from '../peers/docker-registry.ts';
import { meridianOci } from '../peers/meridian-oci.ts';
import type { Peer, Running, Stage } from '../peers/peer.ts';
import { NOTHING_FAILED } from '../proofs.ts';
import { type Contender, runCase } from '../rounds.ts';
import type { Row, Run, Suite, SuiteReport } from '../suite.ts';

const PEERS: readonly Peer[] = [meridianOci, dockerRegistry];
const CONNECTIONS = 20;
const CROWD = 200;
/** The crowd gets a shorter layer: two hundred of 512 MiB are 100 GiB. */
const CROWD_SHARE = 1 / 2;
const KEPT_BYTES = 4 * GIB;

type Case = { readonly title: string } & (
  | { readonly asks: 'again'; readonly paths: readonly string[] }
  | { readonly asks: 'layer'; readonly bytes: number; readonly clients: number; readonly isCold: boolean }
);

const image = smallImage();
const below = `/v2/${REPOSITORY}`;
const byTag = `${below}/manifests/${TAG}?bytes=${image.manifest.byteLength}`;
const byDigest = `${below}/manifests/${image.digest}?bytes=${image.manifest.byteLength}`;
const blobs = image.blobs.map(({ digest, size }) => `${below}/blobs/${digest}?bytes=${size}`);

function casesOf(size: number = GIB): readonly Case[] {
  const shared = Math.round(size * CROWD_SHARE);
  const layer = (title: string, bytes: number, clients: number, isCold: boolean): Case => ({
    ...{ title, asks: 'layer', bytes, clients, isCold },
  });
  return [
    { title: 'manifest by tag', asks: 'again', paths: [byTag] },
    { title: 'manifest by digest', asks: 'again', paths: [byDigest] },
    { title: 'pulls of a small image, 5 requests each', asks: 'again', paths: [byTag, byDigest, ...blobs] },
    layer(`layer of ${sizeLabel(size)}, cold, 1 client`, size, 1, true),
    layer(`layer of ${sizeLabel(size)}, warm, 1 client`, size, 1, false),
    layer(`layer of ${sizeLabel(shared)}, cold, ${CROWD} clients at once`, shared, CROWD, true),
  ];
}

export const ociSuite: Suite = {
  name: 'oci',
  about:
    "A cache for container images: manifests, pulls, long layers, a crowd, against Debian's docker-registry.",
  cases: casesOf().map(({ title }) => title),
  peers: PEERS.map(({ name }) => name),
  defaults: { rounds: 1, seconds: 2 },
  run: runOci,
};

async function runOci(run: Run): Promise<SuiteReport> {
  const cases = chosenCases(run, casesOf(run.size));
  const upstream = await startOciRegistry(run.scratch, run.cores.load);
  const contenders = await startPeers(run, upstream);
  const versions: Record<string, string> = {};
  for (const { peer } of contenders) versions[peer.software] = await peer.version();
  const asking = { scratch: run.scratch, cores: run.cores, upstream };
  const rows: Row[] = [];
  for (const each of cases) {
    rows.push(
      ...(await runCase(run, each.title, contenders, (running) =>
        each.asks === 'again'
          ? askAgain(asking, each.paths, running, run.seconds)
          : pullLayer(asking, each, running),
      )),
    );
  }
  return reportOf(run, versions, rows);
}

function reportOf(run: Run, versions: Record<string, string>, rows: Row[]): SuiteReport {
  return {
    suite: ociSuite.name,
    about: ociSuite.about,
    versions,
    proofs: [
      'Each server gave the manifest and every blob of the small image byte for byte (SHA-256) before it was measured.',
      'Every long layer was new when it was asked for cold; every client got as many bytes as it has.',
      NOTHING_FAILED,
    ],
    subjects: [meridianOci.name],
    rounds: run.rounds,
    seconds: run.seconds,
    figures: [
      ...([
        'requestsPerSecond',
        'totalSeconds',
        'mibPerSecond',
        'cpuMicros',
        'cpuPerGib',
        'p50Micros',
        'p99Micros',
      ] as const),
      ...(['firstByteMs', 'lastFirstByteMs', 'upstreamRequests', 'peakMib'] as const),
      ...(['serverBusy', 'loadBusy', 'foreign'] as const),
    ],
    rows,
  };
}

async function startPeers(run: Run, upstream: OciUpstream): Promise<readonly Contender[]> {
  const asked = PEERS.filter(({ name }) => run.peers.length === 0 || run.peers.includes(name));
  requireCommands(['openssl', ...asked.flatMap(({ commands }) => commands)]);
  const { scratch, cores } = run;
  const stage: Stage = {
    ...{ scratch, cores, upstream, bodies: [], keep: { diskBytes: KEPT_BYTES, filesOn: 'memory' } },
    certificate: await makeCertificate(scratch.directory('certificate')),
  };
  const contenders: Contender[] = [];
  for (const peer of asked) {
    run.progress(`starting ${peer.label}`);
    const running = await peer.start(stage);
    await prove(running);
    contenders.push({ peer, running });
  }
  return contenders;
}

/** Fills the server with the small image, too. */
async function prove(running: Running): Promise<void> {
  const base = baseOf(running);
  const digests = [image.digest, image.digest, ...image.blobs.map(({ digest }) => digest)];
  for (const [nth, path] of [byTag, byDigest, ...blobs].entries()) {
    const response = await fetch(base + path, { headers: { accept: MANIFEST_TYPE } });
    const digest = digestOf(await response.bytes());
    if (response.status !== 200 || digest !== digests[nth])
      throw new Error(`other bytes than the upstream's for ${path}: status ${response.status}, ${digest}`);
  }
}

async function askAgain(
  asking: Asking,
  paths: readonly string[],
  running: Running,
  seconds: number,
): Promise<Sample> {
  const list = listOf(asking.scratch, paths);
  const options = { connections: CONNECTIONS, accept: MANIFEST_TYPE };
  await askFor(asking, running, list, { ...options, seconds: 1 });
  const asked = await askFor(asking, running, list, { ...options, seconds });
  const { requestsPerSecond, p50Micros, p99Micros } = asked;
  const cpuMicros = (cpuSeconds(asked) * 1e6) / asked.answers;
  return { requestsPerSecond, cpuMicros, p50Micros, p99Micros, ...circumstancesOf(asked) };
}

async function pullLayer(
  asking: Asking & { readonly upstream: OciUpstream },
  { bytes, clients, isCold }: Extract<Case, { asks: 'layer' }>,
  running: Running,
): Promise<Sample> {
  const { upstream, scratch } = asking;
  const digest = await upstream.layer(bytes);
  const path = `${below}/blobs/${digest}?bytes=${bytes}`;
  const list = listOf(scratch, new Array<string>(clients).fill(path));
  const options = { connections: clients, accept: '*/*' };
  if (!isCold) {
    await askFor(asking, running, list, options);
    await microsUntilRest(running.pids);
  }
  const before = await upstream.requests();
  resetPeak(running.pids);
  const asked = await askFor(asking, running, list, options);
  const seconds = cpuSeconds(asked) + (await microsUntilRest(running.pids)) / 1e6;
  return {
    totalSeconds: asked.seconds,
    mibPerSecond: asked.bytes / MIB / asked.seconds,
    cpuPerGib: seconds / (asked.bytes / GIB),
    firstByteMs: asked.firstByteMs.p50,
    lastFirstByteMs: asked.firstByteMs.last,
    upstreamRequests: (await upstream.requests()) - before,
    peakMib: peakBytes(running.pids) / MIB,
    ...circumstancesOf(asked),
  };
}

function circumstancesOf({ cpu: { serverBusy, loadBusy, foreign } }: Asked): Sample {
  return { serverBusy, loadBusy, foreign };
}

function baseOf(running: Running): string {
  const base = running.on['http/1.1'];
  if (typeof base !== 'string') throw new Error(base.because);
  return base;
}
