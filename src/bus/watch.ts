/**
 * A watch of a view that can tell what has changed since a revision, or else all that it holds.
 */
import type { Published, Watcher } from '../bus.ts';
import type { Clock } from '../clock.ts';
import { pump } from './pump.ts';
import type { Listener } from './roster.ts';
import type { BusLog } from './tell.ts';

/** A lost bell costs no more than this. */
const idleMs = 1000;

export interface Mark {
  /** Which view: another one once the old is lost or made anew. */
  readonly log: string;
  readonly revision: number;
}

export interface Changes {
  readonly mark: Mark;
  /** All that the view holds, because it no longer knows what has changed; what is not here is gone. */
  readonly isWhole: boolean;
  /** By revision. */
  readonly changed: readonly Published[];
}

export interface WatchOptions {
  readonly watcher: Watcher;
  readonly clock: Clock;
  readonly log: BusLog;
  /** @param since `null`: all. */
  read(since: Mark | null): Changes | Promise<Changes>;
  /** Reading has failed; it is tried again. */
  failed(error: unknown): void;
}

export function watch({ watcher, clock, log, read, failed }: WatchOptions): Listener {
  let isClosed = false;
  let seen: Mark | null = null;

  function tell(what: () => void): void {
    try {
      what();
    } catch (error) {
      log.warn('a change of a view could not be dealt with', { error });
    }
  }

  const turns = pump({
    clock,
    idleMs,
    failed,
    async turn() {
      const { mark, isWhole, changed } = await read(seen);
      for (const published of changed) {
        if (isClosed) return;
        tell(() => watcher.changed(published));
      }
      if (isClosed) return;
      seen = mark;
      if (isWhole) tell(() => watcher.caughtUp());
    },
  });
  turns.wake();

  return {
    wake: turns.wake,
    again() {
      seen = null;
      turns.wake();
    },
    close() {
      isClosed = true;
      turns.close();
    },
  };
}
