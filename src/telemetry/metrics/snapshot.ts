/**
 * What was counted at one moment, as JSON can hold it: how workers tell it to their node, and nodes to the origin.
 */
import { z } from 'zod';
import { bucketBounds } from './buckets.ts';
import { type MetricName, metrics, rowOf } from './table.ts';

const exemplar = z.object({ traceId: z.string(), value: z.number(), atMs: z.number() });
/** One request out of many: its trace, its value, when (ms since the epoch). */
export type Exemplar = Readonly<z.output<typeof exemplar>>;

const histogramSample = z.object({
  /** Of each bucket alone, not of all below it. */
  counts: z.array(z.number()).length(bucketBounds.length + 1),
  sum: z.number(),
  exemplars: z.array(exemplar.nullable()).length(bucketBounds.length + 1),
});
export type HistogramSample = Readonly<z.output<typeof histogramSample>>;

const sample = z.object({
  /** Values, in the order of the table. */
  labels: z.array(z.string()).readonly(),
  value: z.union([z.number(), histogramSample]),
});
export type Sample = Readonly<z.output<typeof sample>>;

const isName = (name: string): name is MetricName => name in metrics;

/** By metric. What another version of Meridian has that this one does not know is left out. */
export const snapshotMessage = z
  .record(z.string(), z.array(sample))
  .transform((all): Snapshot => Object.fromEntries(Object.entries(all).filter(([name]) => isName(name))));
export type Snapshot = Readonly<Partial<Record<MetricName, readonly Sample[]>>>;

/** Of several processes, as of one. */
export function together(all: readonly Snapshot[]): Snapshot {
  const names = Object.keys(metrics).filter(isName);
  const merged = names.map((name): [MetricName, readonly Sample[]] => {
    const series = new Map<string, Sample>();
    for (const one of all.flatMap((snapshot) => snapshot[name] ?? [])) {
      const key = one.labels.join('\0');
      const before = series.get(key);
      series.set(key, before ? { ...one, value: added(name, before.value, one.value) } : one);
    }
    return [name, [...series.values()]];
  });
  return Object.fromEntries(merged.filter(([, samples]) => samples.length > 0));
}

function added(name: MetricName, a: Sample['value'], b: Sample['value']): Sample['value'] {
  if (typeof a === 'number' || typeof b === 'number') {
    if (typeof a !== typeof b) throw new TypeError(`${name} is a number here and a histogram there`);
    return combined(name, Number(a), Number(b));
  }
  return {
    counts: a.counts.map((count, at) => count + (b.counts[at] ?? 0)),
    sum: a.sum + b.sum,
    exemplars: a.exemplars.map((one, at) => newer(one, b.exemplars[at] ?? null)),
  };
}

function combined(name: MetricName, a: number, b: number): number {
  switch (rowOf(name).together) {
    case 'highest':
      return Math.max(a, b);
    case 'lowest':
      return Math.min(a, b);
    default:
      return a + b;
  }
}

function newer(a: Exemplar | null, b: Exemplar | null): Exemplar | null {
  if (a === null || b === null) return a ?? b;
  return a.atMs >= b.atMs ? a : b;
}
