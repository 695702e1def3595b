/** What was counted, added up and read: one definition of each figure for all pages. */
import type { Counts } from './api.ts';
import { originLayers, ownLayers } from './layers.ts';
import { plusPredicted, scaledPredicted } from './predicted.ts';

export const noCounts: Counts = { layers: {}, errors: 0, routes: {} };

export function sumOf(all: readonly Counts[]): Counts {
  return all.reduce((sum, each) => plus(sum, each), noCounts);
}

function plus(a: Counts, b: Counts): Counts {
  const layers: Record<string, Counts['layers'][string]> = { ...a.layers };
  for (const [name, of] of Object.entries(b.layers)) {
    const before = layers[name];
    layers[name] = before
      ? {
          requests: before.requests + of.requests,
          bytes: before.bytes + of.bytes,
          buckets: of.buckets.map((count, at) => count + (before.buckets[at] ?? 0)),
        }
      : of;
  }
  const routes = { ...a.routes };
  for (const [route, requests] of Object.entries(b.routes)) routes[route] = (routes[route] ?? 0) + requests;
  const predicted = plusPredicted(a.predicted, b.predicted);
  return { layers, errors: a.errors + b.errors, routes, ...(predicted && { predicted }) };
}

/** As many times each: 0.5 for half of it. */
export function scaled(counts: Counts, by: number): Counts {
  const layers = Object.entries(counts.layers).map(([name, { requests, bytes, buckets }]) => [
    name,
    { requests: requests * by, bytes: bytes * by, buckets: buckets.map((count) => count * by) },
  ]);
  const routes = Object.entries(counts.routes).map(([route, requests]) => [route, requests * by]);
  return {
    layers: Object.fromEntries(layers),
    errors: counts.errors * by,
    routes: Object.fromEntries(routes),
    ...(counts.predicted && { predicted: scaledPredicted(counts.predicted, by) }),
  };
}

type What = 'requests' | 'bytes';

/** @param of these layers alone. */
export function total({ layers }: Counts, what: What, of?: ReadonlySet<string>): number {
  return Object.entries(layers).reduce(
    (sum, [name, layer]) => (of === undefined || of.has(name) ? sum + layer[what] : sum),
    0,
  );
}

/** The share that nobody else was asked for, 0 to 1; `null` where there was nothing. */
export function hitShare(counts: Counts, what: What): number | null {
  const all = total(counts, what);
  return all === 0 ? null : total(counts, what, ownLayers) / all;
}

/** The share of what PoPs were asked for that never came to an origin. */
export function offload(counts: Counts, what: What): number | null {
  const all = total(counts, what);
  return all === 0 ? null : 1 - total(counts, what, originLayers) / all;
}

/** Of all layers, or of one. */
export function histogramOf({ layers }: Counts, name?: string): readonly number[] {
  const wanted = name === undefined ? Object.values(layers) : [layers[name]];
  const all = wanted.filter((layer) => layer !== undefined);
  const [first] = all;
  if (first === undefined) return [];
  return first.buckets.map((_, at) => all.reduce((sum, { buckets }) => sum + (buckets[at] ?? 0), 0));
}

/**
 * Milliseconds within which this share of all was answered, by linear interpolation within a bucket; `null` where nothing was.
 *
 * @param bounds of the buckets, in seconds, as the API tells them.
 */
export function quantileMs(bounds: readonly number[], counts: readonly number[], share: number) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  const rank = share * all;
  let below = 0;
  for (const [at, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const [lower, upper] = [bounds[at - 1] ?? 0, bounds[at]];
      return 1000 * (upper === undefined ? lower : lower + ((upper - lower) * (rank - below)) / count);
    }
    below += count;
  }
  return 1000 * (bounds.at(-1) ?? 0);
}

/** The share that was answered within so many milliseconds. */
export function shareWithin(bounds: readonly number[], counts: readonly number[], ms: number): number | null {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  const seconds = ms / 1000;
  const within = counts.reduce((sum, count, at) => {
    const [lower, upper] = [bounds[at - 1] ?? 0, bounds[at]];
    if (upper === undefined || lower >= seconds) return sum;
    return sum + count * Math.min(1, (seconds - lower) / (upper - lower));
  }, 0);
  return within / all;
}
