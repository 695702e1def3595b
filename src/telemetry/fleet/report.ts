/** What a node has counted, as it tells the origins, and sums and differences of that. */
import { type Counts, type Layer, type LayerCounts, layers } from '../../messages/report.ts';
import { isOwnRoute } from '../../messages/route.ts';
import { bucketBounds } from '../metrics/buckets.ts';
import type { Snapshot } from '../metrics/snapshot.ts';
import { combinedPredicted, predictedIn } from './predicted.ts';

/** Routes that a report names: those that are asked for most. */
const reportedRoutes = 50;

const bucketCount = bucketBounds.length + 1;

export const noCounts: Counts = { layers: {}, errors: 0, routes: {} };

/** Of all routes but the network's own. */
export function countsOf(snapshot: Snapshot): Counts {
  const sums: Partial<Record<Layer, LayerCounts>> = {};
  for (const { labels, value } of snapshot['http.server.request.duration'] ?? []) {
    const layer = layerIn(labels);
    if (layer === undefined || typeof value === 'number') continue;
    const requests = value.counts.reduce((sum, count) => sum + count, 0);
    sums[layer] = plus(sums[layer], { requests, bytes: 0, buckets: value.counts });
  }
  for (const { labels, value } of snapshot['meridian.response.size'] ?? []) {
    const layer = layerIn(labels);
    const known = layer && sums[layer];
    if (layer !== undefined && known && typeof value === 'number')
      sums[layer] = { ...known, bytes: known.bytes + value };
  }
  const routes = new Map<string, number>();
  let errors = 0;
  for (const { labels, value } of snapshot['meridian.requests'] ?? []) {
    const [route = '', , status = ''] = labels;
    if (typeof value !== 'number' || isOwnRoute(route)) continue;
    routes.set(route, (routes.get(route) ?? 0) + value);
    if (status.startsWith('5')) errors += value;
  }
  const busiest = [...routes].sort(([, a], [, b]) => b - a).slice(0, reportedRoutes);
  const predicted = predictedIn(snapshot);
  return { layers: sums, errors, routes: Object.fromEntries(busiest), ...(predicted && { predicted }) };
}

/** Both metrics have the route first, and then the layer. */
function layerIn([route, layer]: readonly string[]): Layer | undefined {
  if (isOwnRoute(route)) return undefined;
  return layers.find((each) => each === layer);
}

function plus(a: LayerCounts | undefined, b: LayerCounts): LayerCounts {
  if (a === undefined) return b;
  return {
    requests: a.requests + b.requests,
    bytes: a.bytes + b.bytes,
    buckets: a.buckets.map((count, at) => count + (b.buckets[at] ?? 0)),
  };
}

export function sumOf(all: readonly Counts[]): Counts {
  return all.reduce<Counts>((sum, each) => combined(sum, each, 1), noCounts);
}

/** What has come since; never below 0. */
export function difference(now: Counts, before: Counts): Counts {
  return combined(now, before, -1);
}

function combined(a: Counts, b: Counts, sign: 1 | -1): Counts {
  const add = (x: number | undefined, y: number | undefined) => Math.max(0, (x ?? 0) + sign * (y ?? 0));
  const ofLayer = (layer: Layer): [Layer, LayerCounts] | null => {
    const [x, y] = [a.layers[layer], b.layers[layer]];
    if (x === undefined && (y === undefined || sign < 0)) return null;
    const buckets = Array.from({ length: bucketCount }, (_, at) => add(x?.buckets[at], y?.buckets[at]));
    return [layer, { requests: add(x?.requests, y?.requests), bytes: add(x?.bytes, y?.bytes), buckets }];
  };
  const predicted = combinedPredicted(a.predicted, b.predicted, sign);
  const routes = [...new Set([...Object.keys(a.routes), ...Object.keys(b.routes)])];
  return {
    layers: Object.fromEntries(layers.map(ofLayer).filter((one) => one !== null)),
    errors: add(a.errors, b.errors),
    routes: Object.fromEntries(routes.map((route) => [route, add(a.routes[route], b.routes[route])])),
    ...(predicted && { predicted }),
  };
}
