/** What a PoP tells the origins of real timings, and what all of them come to. */
import { type RumReport, type TimingKind, timingKinds } from '../../messages/rum.ts';
import { type Buckets, percentilesOf, short, sumOfBuckets } from './digest.ts';

/** Networks that an overview names. */
const shownNetworks = 1000;

type Percentiles = NonNullable<ReturnType<typeof percentilesOf>>;
type ByKind = Partial<Record<TimingKind, Percentiles>>;

export interface RumOverview {
  /** By the PoP that served. */
  readonly pops: { pop: string; kinds: ByKind; bytesPerS: number | null }[];
  /** Those that told most first. */
  readonly networks: { network: string; pop: string; weight: number; kinds: ByKind }[];
}

export function overviewOf(reports: readonly RumReport[]): RumOverview {
  const pops = new Map<string, RumReport['pops'][string]>();
  const networks = new Map<string, RumReport['networks'][number]>();
  for (const report of reports) {
    for (const [pop, one] of Object.entries(report.pops)) {
      const before = pops.get(pop);
      pops.set(pop, {
        buckets: sumOfBuckets(before?.buckets ?? {}, one.buckets) as typeof one.buckets,
        bytes: (before?.bytes ?? 0) + one.bytes,
        downloadS: (before?.downloadS ?? 0) + one.downloadS,
      });
    }
    for (const one of report.networks) {
      const key = `${one.network} ${one.pop}`;
      const before = networks.get(key);
      networks.set(key, {
        ...one,
        weight: (before?.weight ?? 0) + one.weight,
        buckets: sumOfBuckets(before?.buckets ?? {}, one.buckets) as typeof one.buckets,
      });
    }
  }
  const busiest = [...networks.values()].sort((a, b) => b.weight - a.weight).slice(0, shownNetworks);
  return {
    pops: [...pops].map(([pop, { buckets: counts, bytes, downloadS }]) => ({
      ...{ pop, kinds: byKind(counts) },
      bytesPerS: downloadS > 0 ? Math.round(bytes / downloadS) : null,
    })),
    networks: busiest.map(({ network, pop, weight, buckets: counts }) => ({
      ...{ network, pop, weight: short(weight) },
      kinds: byKind(counts),
    })),
  };
}

function byKind(counts: Buckets): ByKind {
  const known = timingKinds.map((kind) => [kind, percentilesOf(counts[kind] ?? [])] as const);
  return Object.fromEntries(known.filter(([, percentiles]) => percentiles !== null));
}
