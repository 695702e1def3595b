/**
 * The marks that purges leave in a store. Each is written until it is there; while it is not, nothing that it may concern is taken
 * from the store, so a node never gets back from there what it has purged.
 */
import type { Clock } from '../clock.ts';
import { inTime } from './in-time.ts';
import type { KvStore } from './store.ts';

export interface Marking {
  /** These names are marked from now on. Never fails: it goes on until the store has taken it. */
  mark(names: readonly string[]): void;
  /** Whether one of these may not be in the store yet. */
  isPending(names: readonly string[]): boolean;
  readonly pending: number;
  /** Tries once more, and stops. */
  close(): Promise<void>;
}

/** Names that wait. Beyond it, everything is marked instead. */
const maxPending = 4096;
/** Names that are written at once. */
const batch = 256;
const limitMs = 2000;
const retryMs = 1000;

/** @param everything the name that concerns all. */
export function marking(store: KvStore, clock: Clock, everything: string): Marking {
  let waiting = new Set<string>();
  let underWay: ReadonlySet<string> = new Set();
  let cancelRetry: (() => void) | null = null;
  let isClosed = false;

  let isFlushing = false;
  let flushing: Promise<void> = Promise.resolve();

  async function flush(): Promise<void> {
    isFlushing = true;
    try {
      while (waiting.size > 0) {
        const names = [...waiting].slice(0, batch);
        for (const name of names) waiting.delete(name);
        underWay = new Set(names);
        await inTime(store.mark(names), limitMs, clock);
        underWay = new Set();
      }
    } catch {
      // Whether some of it has arrived does not matter: to mark twice does no harm.
      for (const name of underWay) waiting.add(name);
      underWay = new Set();
      if (!isClosed) cancelRetry = clock.after(retryMs, wake);
    } finally {
      isFlushing = false;
    }
  }

  function wake(): void {
    cancelRetry = null;
    if (!isFlushing) flushing = flush();
  }

  return {
    mark(names) {
      for (const name of names) waiting.add(name);
      if (waiting.size > maxPending) waiting = new Set([everything]);
      // While a retry is due, the store has just failed.
      if (cancelRetry === null && !isClosed) wake();
    },
    isPending: (names) =>
      waiting.size + underWay.size > 0 && names.some((name) => waiting.has(name) || underWay.has(name)),
    get pending() {
      return waiting.size + underWay.size;
    },
    async close() {
      isClosed = true;
      cancelRetry?.();
      await flushing;
      await flush();
    },
  };
}
