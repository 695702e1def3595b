/**
 * The question of a full cache: what does it still have when it is asked? Traces are replayed against eviction
 * policies, at several sizes of the cache. No server takes part, no clock counts.
 */
import { bounds } from '../eviction/bound.ts';
import { loopTrace, scanTrace, sizedZipfTrace, zipfTrace } from '../eviction/classics.ts';
import { baseline, contenders, ours, reference } from '../eviction/contenders.ts';
import { readTrace } from '../eviction/formats.ts';
import { packageTrace, packageWorkload } from '../eviction/packages.ts';
import { npmSizes } from '../eviction/registry.ts';
import { type Outcome, replay } from '../eviction/replay.ts';
import { nextUses, type Trace } from '../eviction/trace.ts';
import { number } from '../figures.ts';
import type { Run, Suite, SuiteReport, Table } from '../suite.ts';

/** The parameters of the policy were chosen with seed 1 of the first workload: none of these. */
const made: Readonly<Record<string, () => Trace>> = {
  packages: () => packageTrace({ ...packageWorkload, seed: 2 }, 'packages'),
  'packages, public': () =>
    packageTrace(
      {
        ...packageWorkload,
        seed: 3,
        projects: 1500,
        builds: 3,
        oddShare: 0.3,
        packageAlpha: 1,
        projectAlpha: 0.6,
      },
      'packages, public',
    ),
  'packages, heavier': () =>
    packageTrace(
      {
        ...packageWorkload,
        seed: 4,
        projects: 120,
        crawlShare: 0.25,
        sizes: { ...npmSizes, heavyShare: 0.05, tarballSigma: 1.6 },
      },
      'packages, heavier',
    ),
  'Zipf 0.8': () => zipfTrace(0.8, 5),
  'Zipf 1.0': () => zipfTrace(1, 6),
  'Zipf 1.0, sizes log-normal': () => sizedZipfTrace(7),
  'Zipf 0.9 with scans': () => scanTrace(8),
  loop: loopTrace,
};

export const eviction: Suite = {
  name: 'eviction',
  about: 'Hit ratios of eviction policies on traces, made up or given with --trace.',
  cases: Object.keys(made),
  peers: contenders.map(({ name }) => name),
  defaults: { rounds: 1, seconds: 0 },
  run: runEviction,
};

async function runEviction(run: Run): Promise<SuiteReport> {
  if (!run.peers.every((peer) => contenders.some(({ name }) => name === peer)))
    throw new Error('There is no such policy: see `npm run bench -- list`.');
  const tables: Table[] = [];
  const { trace, shares } = run.eviction;
  if (trace) {
    tables.push(played(await readTrace(trace.path, trace.format), shares, run));
  } else {
    const names = Object.keys(made).filter((name) => name.toLowerCase().includes(run.only.toLowerCase()));
    if (names.length === 0) throw new Error('There is no such case: see `npm run bench -- list`.');
    for (const name of names) tables.push(played(made[name]!(), shares, run));
  }
  return {
    suite: 'eviction',
    about: eviction.about,
    versions: {},
    proofs: [],
    subjects: [ours],
    rounds: 1,
    seconds: 0,
    figures: [],
    rows: [],
    tables,
  };
}

/** One policy, or the bound, at one size of the cache. */
interface Ratios {
  readonly objects: number;
  readonly bytes: number;
  /** Both as shares of what the bound has, and the mean of the two. */
  readonly ofPossible: number;
}

function played(trace: Trace, shares: readonly number[], run: Run): Table {
  const { objects, sizes } = trace;
  run.progress(`${trace.name}: ${objects.length} requests`);
  const next = nextUses(trace);
  const bound = bounds(trace);
  const limits = shares.map((share) => Math.max(1, Math.floor(trace.footprintBytes * share)));
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  const most = limits.map((limit) => {
    const { hits, hitBytes } = bound(limit);
    return { objects: hits / objects.length, bytes: hitBytes / totalBytes };
  });
  const chosen = contenders.filter(({ name }) => run.peers.length === 0 || run.peers.includes(name));
  const results = chosen.map(({ name, label, make }) => ({
    name,
    label,
    ratios: limits.map((limit, at) => ratios(replay(trace, make(limit), limit, next), most[at]!)),
  }));
  return {
    title: trace.name,
    remarks: [described(trace, totalBytes), ...gaps(results, shares)],
    names: 1,
    head: ['policy', ...shares.flatMap((share) => [`${percent(share)}: objects`, 'bytes', 'of possible'])],
    body: [
      ...results.map(({ label, ratios: each }) => [
        label,
        ...each.flatMap((ratio) => [percent(ratio.objects), percent(ratio.bytes), percent(ratio.ofPossible)]),
      ]),
      ['no policy has more', ...most.flatMap((ratio) => [percent(ratio.objects), percent(ratio.bytes), ''])],
    ],
  };
}

function ratios(outcome: Outcome, most: Pick<Ratios, 'objects' | 'bytes'>): Ratios {
  const objects = outcome.hits / outcome.requests;
  const bytes = outcome.hitBytes / outcome.bytes;
  const shareOf = (part: number, whole: number) => (whole === 0 ? 1 : part / whole);
  return { objects, bytes, ofPossible: (shareOf(objects, most.objects) + shareOf(bytes, most.bytes)) / 2 };
}

function described({ objects, population, footprintBytes, onceShare }: Trace, totalBytes: number): string {
  return (
    `${number(objects.length, 0)} requests for ${number(population, 0)} objects, ${percent(onceShare)} of them once; ` +
    `footprint ${size(footprintBytes)}, mean request ${size(totalBytes / objects.length)}.`
  );
}

/** How much of the way from LRU to Belady's MIN, in bytes. */
function gaps(
  results: readonly { name: string; ratios: readonly Ratios[] }[],
  shares: readonly number[],
): string[] {
  const [own, low, high] = [ours, baseline, reference].map((name) =>
    results.find((each) => each.name === name),
  );
  if (!own || !low || !high) return [];
  const parts = shares.map((share, at) => {
    const [from, to, here] = [low, high, own].map(({ ratios: each }) => each[at]?.bytes ?? 0);
    const gap = (to ?? 0) - (from ?? 0);
    return `${gap > 0.001 ? percent(((here ?? 0) - (from ?? 0)) / gap) : 'no gap'} at ${percent(share)}`;
  });
  return [`Of the gap in bytes between LRU and MIN, Meridian closes ${parts.join(', ')}.`];
}

function percent(share: number): string {
  return `${number(share * 100, share > 0 && share < 0.01 ? 2 : 1).replace(/\.0+$/, '')}%`;
}

function size(bytes: number): string {
  if (bytes < 1024) return `${number(bytes, 0)} B`;
  if (bytes < 1024 ** 2) return `${number(bytes / 1024, 1)} KiB`;
  if (bytes < 1024 ** 3) return `${number(bytes / 1024 ** 2, 1)} MiB`;
  return `${number(bytes / 1024 ** 3, 1)} GiB`;
}
