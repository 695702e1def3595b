/**
 * The purges of the last while, as far as copies outside the cache are concerned: another node may not have heard of them yet, and
 * copy what they have purged. So a copy that they concern is taken only when whoever made it knew of them as well, by his place on the
 * bus. After that while no such node copies anything any more, and what it may have copied meanwhile is marked once more.
 */
import { isAtLeast, type Position } from '../bus.ts';
import type { Clock } from '../clock.ts';

/** How far a node has followed the purges on the bus; `unsure`: it trusts nothing that it keeps; `null`: there is no bus. */
export type Followed = Position | 'unsure' | null;

export interface RecentPurges {
  /** What a response that is asked for now takes account of. */
  readonly followed: Followed;
  /** Whether a copy that any of these names concerns may be used, if whoever made it had followed the purges so far. */
  trusts(names: readonly string[], followed: Position | null): boolean;
  /** @param at on the bus; without it, some place before the next one that is told, or none. */
  purged(names: readonly string[], at?: Position): void;
  close(): void;
}

export interface RecentPurgesOptions {
  readonly followed: () => Followed;
  /** For how long a node copies that has not heard of a purge. */
  readonly whileMs: number;
  /** Marks these names once more. */
  readonly again: (names: readonly string[]) => void;
  readonly clock: Clock;
  /** The name that concerns everything. */
  readonly everything: string;
}

/** Names that are remembered. Beyond it, everything counts as purged. */
const maxNames = 65_536;
/** Names are marked again this much later than they could be, all those that are due together. */
const tickMs = 1000;

interface Recent {
  /** `null` while it is not known. */
  at: Position | null;
  readonly dueMs: number;
}

export function recentPurges(options: RecentPurgesOptions): RecentPurges {
  const { whileMs, again, clock, everything } = options;
  /** In the order of their time. */
  const recent = new Map<string, Recent>();
  /** Those whose place is not known. */
  let unplaced: Recent[] = [];
  const startedMs = clock.elapsed();
  /** What had been followed when that was first known: purges before it are not remembered here. */
  let first: Position | null = null;
  let cancel: (() => void) | null = null;

  function followed(): Followed {
    const now = options.followed();
    if (first === null && now !== null && now !== 'unsure') first = now;
    return now;
  }

  function tick(): void {
    cancel = null;
    const due = [...recent].filter(([, { dueMs }]) => dueMs <= clock.elapsed()).map(([name]) => name);
    for (const name of due) recent.delete(name);
    if (due.length > 0) again(due);
    schedule();
  }

  function schedule(): void {
    if (recent.size > 0) cancel ??= clock.after(tickMs, tick);
  }

  return {
    get followed() {
      return followed();
    },

    trusts(names, by) {
      const own = followed();
      if (own === 'unsure') return false;
      if (own === null) return true;
      if (first && clock.elapsed() - startedMs < whileMs && !isAtLeast(by, first)) return false;
      return names.every((name) => {
        const purge = recent.get(name);
        return purge === undefined || (purge.at !== null && isAtLeast(by, purge.at));
      });
    },

    purged(names, at) {
      if (options.followed() === null) return;
      const told = recent.size + names.length > maxNames ? [everything] : names;
      if (told !== names) recent.clear();
      const dueMs = clock.elapsed() + whileMs;
      for (const name of told) {
        const purge: Recent = { at: at ?? null, dueMs };
        recent.delete(name);
        recent.set(name, purge);
        if (!at) unplaced.push(purge);
      }
      if (at) {
        for (const purge of unplaced) purge.at = at;
        unplaced = [];
      }
      if (unplaced.length > maxNames) unplaced = [];
      schedule();
    },

    close: () => cancel?.(),
  };
}
