/**
 * Timings of one place as histograms, by kind, in which what is old counts less and less: their percentiles are those of the
 * last minutes, without any of the timings being kept.
 */

import type { TimingKind } from '../../messages/rum.ts';
import { bucketBounds, bucketOf, quantile } from '../metrics/buckets.ts';

export const bucketCount = bucketBounds.length + 1;

/** Of each kind, how many fell into each bucket: fractions, since they fade. */
export type Buckets = Readonly<Partial<Record<TimingKind, readonly number[]>>>;

export class Digest {
  private readonly buckets = new Map<TimingKind, Float64Array>();

  record(kind: TimingKind, ms: number): void {
    let counts = this.buckets.get(kind);
    if (counts === undefined) {
      counts = new Float64Array(bucketCount);
      this.buckets.set(kind, counts);
    }
    const bucket = bucketOf(ms / 1000);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }

  /** @param by from 0 to 1: what is left of what there is. */
  fade(by: number): void {
    for (const counts of this.buckets.values())
      for (let at = 0; at < counts.length; at++) counts[at] = (counts[at] ?? 0) * by;
  }

  read(): Buckets {
    return Object.fromEntries([...this.buckets].map(([kind, counts]) => [kind, Array.from(counts, short)]));
  }
}

/** With as many digits as mean something on the way. */
export function short(value: number): number {
  return Math.round(value * 100) / 100;
}

export interface Percentiles {
  /** What they stand on: fades with the timings. */
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** `null` where nothing was recorded, or all of it has faded. */
export function percentilesOf(counts: readonly number[]): Percentiles | null {
  const [p50, p95] = [quantile(counts, 0.5), quantile(counts, 0.95)];
  if (p50 === null || p95 === null) return null;
  const count = short(counts.reduce((sum, each) => sum + each, 0));
  return count === 0 ? null : { count, p50Ms: short(p50 * 1000), p95Ms: short(p95 * 1000) };
}

export function sumOfBuckets(a: Buckets, b: Buckets): Buckets {
  const kinds = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<TimingKind>;
  const sums = [...kinds].map((kind): [TimingKind, number[]] => [
    kind,
    Array.from({ length: bucketCount }, (_, at) => (a[kind]?.[at] ?? 0) + (b[kind]?.[at] ?? 0)),
  ]);
  return Object.fromEntries(sums);
}
