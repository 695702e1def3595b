/**
 * A cache for container images, and a home for them: manifests and small images, a long layer that is there or not yet, a crowd that wants one
 * at once, a push, against Debian's `docker-registry`; and, for long layers, against a file that the system sends by itself.
 */
import { makeCertificate } from '../certificate.ts';
import { chosenCases } from '../contenders.ts';
import type { Sample } from '../figures.ts';
import { GIB, sizeLabel } from '../objects.ts';
import type { OciPeer, OciRunning, Part } from '../oci/registries.ts';
import { type OciUpstream, startOciRegistry } from '../oci/registry.ts';
import {
  byDigest,
  byTag,
  prove,
  pushImage,
  type Question,
  take,
  type World,
  wholePull,
} from '../oci/takes.ts';
import { requireCommands } from '../packages.ts';
import { dockerRegistry } from '../peers/docker-registry.ts';
import { meridianOci } from '../peers/meridian-oci.ts';
import type { NotServed, Peer, Running, Stage } from '../peers/peer.ts';
import { plainFile } from '../peers/plain-file.ts';
import { NOTHING_FAILED } from '../proofs.ts';
import { type Contender, runCase } from '../rounds.ts';
import { openScratch } from '../scratch.ts';
import type { Row, Run, Suite, SuiteReport } from '../suite.ts';

const CROWD = 200;
/** The crowd gets a shorter layer, but with `--all`: two hundred of 512 MiB are 100 GiB, and take minutes. */
const CROWD_SHARE = { usual: 1 / 8, all: 1 / 2 };
const KEPT_BYTES = 2.5 * GIB;

type Case = Question & {
  readonly title: string;
  readonly part: Part;
  /** Names of those who take part; without it, all of the part do. */
  readonly among?: readonly string[];
  /** It takes long. */
  readonly once?: true;
};

const REGISTRIES = ['meridian', 'docker-registry'];
const AMONG_CROWD = [...REGISTRIES, 'file'];

function casesOf(size: number = GIB, all = false): readonly Case[] {
  const shared = Math.round(size * CROWD_SHARE[all ? 'all' : 'usual']);
  const again = (part: Part): Case[] =>
    (
      [
        ['manifest by tag', [byTag]],
        ['manifest by digest', [byDigest]],
        ['pulls of a small image, 5 requests each', wholePull],
      ] as const
    ).map(([what, paths]) => ({
      ...{ title: `${part}, ${what}`, part, asks: 'again', paths, among: REGISTRIES },
    }));
  const layers = (part: Part): Case[] => {
    const layer = { asks: 'layer', part } as const;
    const one = { ...layer, bytes: size, clients: 1 };
    return [
      { ...one, title: `${part}, layer of ${sizeLabel(size)}, cold`, isCold: true },
      { ...one, title: `${part}, layer of ${sizeLabel(size)}, warm`, isCold: false },
      {
        ...{ ...layer, title: `${part}, crowd of ${CROWD}, cold layer of ${sizeLabel(shared)}` },
        ...{ bytes: shared, clients: CROWD, isCold: true, once: true, among: AMONG_CROWD },
      },
    ];
  };
  return [
    ...again('pulled'),
    ...layers('pulled'),
    ...again('hosted'),
    ...layers('hosted'),
    {
      ...{ title: `hosted, push of a layer of ${sizeLabel(size)}`, part: 'hosted' },
      ...{ asks: 'push', bytes: size, among: REGISTRIES },
    },
    ...again('private').filter(({ title }) => !title.endsWith('by digest')),
  ];
}

/** What a server is called is the same in all parts, and so are the columns that it is compared in. */
function peersOf(part: Part, layers: () => string): readonly OciPeer[] {
  return [
    meridianOci(part, 'beside'),
    ...(part === 'pulled' ? [meridianOci(part, 'apart')] : []),
    dockerRegistry(part),
    ...(part === 'private' ? [] : [plainFile(layers)]),
  ];
}

const nowhere = () => '';
const SUBJECTS = ['meridian', 'meridian-pop'];

export const ociSuite: Suite = {
  name: 'oci',
  about:
    "A cache for container images, and a home for them: manifests, pulls, long layers, a crowd, a push, against Debian's docker-registry.",
  cases: casesOf().map(({ title }) => title),
  peers: peersOf('pulled', nowhere).map(({ name }) => name),
  defaults: { rounds: 3, seconds: 1 },
  run: runOci,
};

async function runOci(run: Run): Promise<SuiteReport> {
  const cases = chosenCases(run, casesOf(run.size, run.all));
  const parts = Map.groupBy(cases, ({ part }) => part);
  const versions: Record<string, string> = {};
  const rows: Row[] = [];
  for (const [part, its] of parts) {
    // Each part has its files to itself, and leaves none: gigabytes of them are in memory.
    const scratch = openScratch();
    run.scratch.atEnd(() => scratch.clear());
    try {
      rows.push(...(await runPart({ ...run, scratch }, part, its, versions)));
    } finally {
      await scratch.clear();
    }
  }
  return reportOf(run, versions, rows);
}

async function runPart(
  run: Run,
  part: Part,
  cases: readonly Case[],
  versions: Record<string, string>,
): Promise<readonly Row[]> {
  const upstream = await startOciRegistry(run.scratch, run.cores.load);
  const started = await startPeers(run, part, cases, upstream);
  for (const { peer } of started) versions[peer.software] ??= await peer.version();
  const world: World = { run, upstream, part, layer: null, done: new Set() };
  const rows: Row[] = [];
  for (const each of cases) {
    const among = started.filter(({ peer }) => takesPart(each, peer));
    const running = new Map(among.map((one) => [one.peer.name, one.running]));
    const measure = async (_: Running, peer: Peer): Promise<Sample | NotServed> => {
      const its = running.get(peer.name);
      return its ? take(world, each, { peer, running: its }) : { because: 'it was not started' };
    };
    const often = each.once ? { ...run, rounds: 1 } : run;
    rows.push(...(await runCase(often, each.title, among, measure)));
  }
  return rows;
}

function takesPart({ among }: Case, { name }: Peer): boolean {
  return among === undefined || among.includes(name);
}

interface OciContender extends Contender {
  readonly running: OciRunning;
}

/** Those that the cases need. */
async function startPeers(
  run: Run,
  part: Part,
  cases: readonly Case[],
  upstream: OciUpstream,
): Promise<readonly OciContender[]> {
  const isAsked = (peer: Peer) => run.peers.length === 0 || run.peers.includes(peer.name);
  const isNeeded = (peer: Peer) => cases.some((each) => takesPart(each, peer));
  const asked = peersOf(part, () => upstream.directory).filter((peer) => isAsked(peer) && isNeeded(peer));
  requireCommands(['openssl', ...asked.flatMap(({ commands }) => commands)]);
  const { scratch, cores } = run;
  const stage: Stage = {
    ...{ scratch, cores, upstream, bodies: [], keep: { diskBytes: KEPT_BYTES, filesOn: 'memory' } },
    certificate: await makeCertificate(scratch.directory('certificate')),
  };
  const contenders: OciContender[] = [];
  for (const peer of asked) {
    run.progress(`starting ${peer.label}, ${part}`);
    const running = await peer.start(stage);
    contenders.push({ peer, running });
    if (peer.name === 'file') continue;
    if (part !== 'pulled') await pushImage(running);
    await prove(running);
  }
  return contenders;
}

function reportOf(run: Run, versions: Record<string, string>, rows: Row[]): SuiteReport {
  return {
    suite: ociSuite.name,
    about: ociSuite.about,
    versions,
    proofs: [
      'Each server gave the manifest and every blob of the small image byte for byte (SHA-256) before it was measured.',
      'Each server gave long layers byte for byte (SHA-256) after its first measurement, and every client got as many bytes as there are.',
      'Every long layer was new to a cache when it was asked for cold, or had been purged.',
      NOTHING_FAILED,
    ],
    subjects: SUBJECTS,
    rounds: run.rounds,
    seconds: run.seconds,
    figures: [
      ...(['requestsPerSecond', 'totalSeconds', 'mibPerSecond', 'cpuMicros', 'cpuPerGib'] as const),
      ...(['p50Micros', 'p99Micros', 'firstByteMs', 'lastFirstByteMs'] as const),
      ...(['upstreamRequests', 'upstreamMib', 'peakMib', 'serverBusy', 'loadBusy', 'foreign'] as const),
    ],
    rows,
  };
}
