/** What processes report of single entries of their caches, and what that comes to for the network. */
import {
  type HotEntry,
  type HotObject,
  mostKey,
  mostReported,
  type PlacedEviction,
} from '../messages/cached.ts';
import type { Report } from '../messages/report.ts';
import { loggable } from '../telemetry/loggable.ts';
import type { HotStatus } from './hot.ts';

/** Objects of the whole network that are told. */
const mostTold = 1_000;

/** What a ring knows the rate of comes first, then what memory has used most. */
export function hottest(hot: readonly HotStatus[], used: readonly HotEntry[]): readonly HotEntry[] {
  const rated = hot.map(({ key, perSecond, why, replicas }) => {
    return { key: shownKey(key), perSecond, why, replicas: [...replicas], uses: null };
  });
  const known = new Set(rated.map(({ key }) => key));
  const others = used.map((entry) => ({ ...entry, key: shownKey(entry.key) }));
  return [...rated, ...others.filter(({ key }) => !known.has(key))].slice(0, mostReported);
}

/** A key as other nodes and people may read it: addresses are part of it, and credentials may be part of those. */
export function shownKey(key: string): string {
  const shown = loggable(key);
  return shown.length > mostKey ? `${shown.slice(0, mostKey - 1)}…` : shown;
}

/** By key: of what several processes say, the highest rate, or the most uses. */
export function hotOf(reports: readonly Report[]): readonly HotObject[] {
  const said = reports.flatMap(({ node, worker, hot }) =>
    hot.map((entry) => ({ entry, at: { node, worker } })),
  );
  const objects = [...Map.groupBy(said, ({ entry }) => entry.key)].map(([key, of]) => {
    const [first] = of.map(({ entry }) => entry).sort(hottestFirst);
    if (first === undefined) throw new Error('a group of nothing');
    return { ...first, route: routeOf(key), at: of.map(({ at }) => at) };
  });
  return objects.sort(hottestFirst).slice(0, mostTold);
}

function hottestFirst(a: HotEntry, b: HotEntry): number {
  return (b.perSecond ?? -1) - (a.perSecond ?? -1) || (b.uses ?? 0) - (a.uses ?? 0);
}

/** The newest first, by the clocks of those that say so. */
export function evictionsOf(reports: readonly Report[]): readonly PlacedEviction[] {
  const all = reports.flatMap(({ node, worker, evicted }) =>
    evicted.map((each) => ({ ...each, node, worker, route: routeOf(each.key) })),
  );
  return all.sort((a, b) => b.atMs - a.atMs).slice(0, mostTold);
}

/** A cache key begins with the name of its route. */
function routeOf(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf(' ')));
}
