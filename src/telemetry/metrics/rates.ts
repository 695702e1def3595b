/**
 * What happened between two looks at a node's metrics, in numbers that a person reads.
 */

import { type Layer, layers } from '../../messages/report.ts';
import { isOwnRoute } from '../../messages/route.ts';
import { bucketBounds, quantile } from './buckets.ts';
import type { HistogramSample, Sample, Snapshot } from './snapshot.ts';
import { type MetricName, metrics } from './table.ts';

export interface Rates {
  readonly requestsPerS: number;
  /** Of all requests, 0 to 1; `null` where there were none. */
  readonly hitShare: number | null;
  /** Of answers with a status of 500 and above; `null` where there were none at all. */
  readonly errorShare: number | null;
  readonly bytesPerS: number;
  /** Seconds to the head of the answer; `null` where there were none. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** Requests a second, and seconds within which 95 of 100 were answered, by what they were answered from. */
  readonly layers: Readonly<Partial<Record<Layer, { readonly perS: number; readonly p95: number | null }>>>;
}

/** Layers that are nobody else than the node itself. */
const own: ReadonlySet<Layer> = new Set(['memory', 'disk', 'stale', 'node']);

/** Of all routes but the network's own. @param seconds between the two looks. */
export function ratesBetween(before: Snapshot, now: Snapshot, seconds: number): Rates {
  const byLayer = layers.flatMap((layer) => {
    const counts = countsOf(before, now, layer);
    const total = sum(counts);
    return total === 0 ? [] : [{ layer, counts, total }];
  });
  const all = sum(byLayer.map(({ total }) => total));
  const together = bucketBounds.map((_, at) => sum(byLayer.map(({ counts }) => counts[at] ?? 0)));
  together.push(sum(byLayer.map(({ counts }) => counts.at(-1) ?? 0)));
  const share = (part: number) => (all === 0 ? null : part / all);
  const hits = byLayer.filter(({ layer }) => own.has(layer));
  return {
    requestsPerS: all / seconds,
    hitShare: share(sum(hits.map(({ total }) => total))),
    errorShare: share(grown(before, now, 'meridian.requests', isServerError)),
    bytesPerS: grown(before, now, 'meridian.response.size', () => true) / seconds,
    p50: quantile(together, 0.5),
    p95: quantile(together, 0.95),
    p99: quantile(together, 0.99),
    layers: Object.fromEntries(
      byLayer.map(({ layer, counts, total }) => [
        layer,
        { perS: total / seconds, p95: quantile(counts, 0.95) },
      ]),
    ),
  };
}

/** Of the histogram's buckets, over all routes: what has come since. */
function countsOf(before: Snapshot, now: Snapshot, layer: Layer): readonly number[] {
  const name = 'http.server.request.duration';
  const at = positionOf(name, 'layer');
  const of = (snapshot: Snapshot) =>
    (snapshot[name] ?? []).flatMap(({ labels, value }) =>
      labels[at] === layer && isOfClients(name, labels) && typeof value !== 'number' ? [value] : [],
    );
  const [old, fresh] = [added(of(before)), added(of(now))];
  return fresh.map((count, bucket) => Math.max(0, count - (old[bucket] ?? 0)));
}

function added(samples: readonly HistogramSample[]): readonly number[] {
  return Array.from({ length: bucketBounds.length + 1 }, (_, at) =>
    sum(samples.map(({ counts }) => counts[at] ?? 0)),
  );
}

function grown(
  before: Snapshot,
  now: Snapshot,
  name: MetricName,
  counts: (labels: readonly string[]) => boolean,
): number {
  const total = (samples: readonly Sample[] = []) =>
    sum(
      samples.flatMap(({ labels, value }) =>
        counts(labels) && isOfClients(name, labels) && typeof value === 'number' ? value : [],
      ),
    );
  return Math.max(0, total(now[name]) - total(before[name]));
}

function isOfClients(name: MetricName, labels: readonly string[]): boolean {
  return !isOwnRoute(labels[positionOf(name, 'route')]);
}

function isServerError(labels: readonly string[]): boolean {
  return labels[positionOf('meridian.requests', 'status')]?.startsWith('5') === true;
}

function positionOf(name: MetricName, label: string): number {
  return (metrics[name].labels as readonly string[]).indexOf(label);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
