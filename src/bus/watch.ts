/**
 * A watch of a view that is read in pages: what it holds, however much that is, while it goes on changing. Each step brings what
 * has changed since the one before, and then, of the same moment, the next page of what the view holds. So a key is never told as it
 * was before something that has been told of it already, and what is deleted between two pages is told as deleted.
 */
import { setImmediate } from 'node:timers/promises';
import type { Published, Watcher } from '../bus.ts';
import type { Clock } from '../clock.ts';
import { pump } from './pump.ts';
import type { Listener } from './roster.ts';
import type { BusLog } from './tell.ts';

/** A lost bell costs no more than this. */
const idleMs = 1000;
/** Of changes, and of what a view holds, in one step; roughly. */
export const pageKeys = 512;
/** Of their values, beyond which a step has no more keys. */
export const pageBytes = 2 ** 20;

/** How far a watch has read. */
export interface Reached {
  /** Which view: another one once the old is lost or made anew. */
  readonly log: string;
  /** All changes up to this one are known. */
  readonly revision: number;
  /** Where the next page begins, in the driver's own terms; `null`: there is none any more. */
  readonly cursor: string | null;
}

/** What a view has for a watch: all of it as of one moment. */
export interface Step extends Reached {
  /**
   * By revision, oldest first; not more than `pageKeys`. `null`: the view no longer knows what has changed since then, or is another
   * one, so that it has to be read from its first page, which this is.
   */
  readonly changed: readonly Published[] | null;
  /** A page of what it holds. Empty while there are more changes. */
  readonly held: readonly Published[];
  /** There are more changes than these. */
  readonly isMore: boolean;
}

export interface WatchOptions {
  readonly watcher: Watcher;
  readonly clock: Clock;
  readonly log: BusLog;
  /** @param from `null`: from the beginning. */
  read(from: Reached | null): Step | Promise<Step>;
  /** Reading has failed; it is tried again. */
  failed(error: unknown): void;
}

export function watch({ watcher, clock, log, read, failed }: WatchOptions): Listener {
  let isClosed = false;
  let reached: Reached | null = null;
  /** The view's revision when its first page was read: what is newer is told as a change. */
  let begunAt = 0;
  /** Counts up when all has to be told anew. */
  let round = 0;

  function tell(what: () => void): void {
    if (isClosed) return;
    try {
      what();
    } catch (error) {
      log.warn('a change of a view could not be dealt with', { error });
    }
  }

  /** Returns whether there is more to read. */
  async function step(): Promise<boolean> {
    const [from, of] = [reached, round];
    const { changed, held, isMore, ...now } = await read(from);
    if (isClosed) return false;
    if (of !== round) return true;
    const isFirst = changed === null;
    if (isFirst) {
      begunAt = now.revision;
      tell(() => watcher.begins?.());
    }
    for (const published of changed ?? []) tell(() => watcher.changed(published));
    for (const published of held) if (published.revision <= begunAt) tell(() => watcher.changed(published));
    reached = now;
    const wasReading = isFirst || from?.cursor != null;
    if (wasReading && now.cursor === null) tell(() => watcher.caughtUp());
    return isMore || now.cursor !== null;
  }

  const turns = pump({
    clock,
    idleMs,
    failed,
    async turn() {
      // Others want to be served between two pages.
      while ((await step()) && !isClosed) await setImmediate();
    },
  });
  turns.wake();

  return {
    wake: turns.wake,
    again() {
      reached = null;
      round++;
      turns.wake();
    },
    close() {
      isClosed = true;
      turns.close();
    },
  };
}
