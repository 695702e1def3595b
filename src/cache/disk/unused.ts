/**
 * What nobody has asked for goes from the disk, however much room there is, on routes that are kept only so long. Uses are noted
 * to a day, so that what is asked for all the time costs one write a day; and nothing goes early: the day is added to its time.
 *
 * Of what was there before uses were noted, nobody knows when it was used: its time counts from then.
 */
import type { Clock } from '../../clock.ts';
import { routeOf } from '../purge/ledger.ts';
import { type DiskIndex, type Kept, lastUseOf, type Orphan } from './index.ts';
import type { UsePlace } from './statements.ts';

/** Uses that are told apart are so far from each other. */
const apartMs = 24 * 3600_000;

export interface Unused {
  /** How long what nobody asks for is kept, in ms by route; other routes' as long as there is room. */
  keep(byRoute: ReadonlyMap<string, number>): void;
  /** Whether a use of it at that time has to be noted. */
  isNews(kept: Kept, atMs: number): boolean;
  /** Drops some of it, from a place on; returns the next one, `null` at the end. */
  drop(from: UsePlace): UsePlace | null;
  /** What went since the start. */
  readonly dropped: { readonly entries: number; readonly bytes: number };
}

export interface UnusedOptions {
  readonly clock: Clock;
  readonly index: DiskIndex;
  readonly orphaned: (orphans: readonly Orphan[]) => void;
}

export function unused({ clock, index, orphaned }: UnusedOptions): Unused {
  /** By route: for how long, and since when each use has been noted. */
  let retention: ReadonlyMap<string, { readonly keptMs: number; readonly sinceMs: number }> = new Map();
  let dropped = { entries: 0, bytes: 0 };

  return {
    keep(byRoute) {
      const nowMs = clock.now();
      const since = index.noting([...byRoute.keys()], nowMs);
      retention = new Map(
        [...byRoute].map(([route, keptMs]) => [route, { keptMs, sinceMs: since.get(route) ?? nowMs }]),
      );
    },

    isNews: ({ entry, usedMs }, atMs) =>
      retention.size > 0 && atMs - usedMs >= apartMs && retention.has(routeOf(entry.key)),

    drop(from) {
      const nowMs = clock.now() - apartMs;
      const { entries, bytes } = index.totals;
      const shortestMs = Math.min(...[...retention.values()].map(({ keptMs }) => keptMs));
      const { orphans, next } = index.dropUnused(from, nowMs - shortestMs, (key, usedMs) => {
        const of = retention.get(routeOf(key));
        return of !== undefined && Math.max(lastUseOf(usedMs), of.sinceMs) < nowMs - of.keptMs;
      });
      orphaned(orphans);
      dropped = {
        entries: dropped.entries + entries - index.totals.entries,
        bytes: dropped.bytes + bytes - index.totals.bytes,
      };
      return next;
    },

    get dropped() {
      return dropped;
    },
  };
}
