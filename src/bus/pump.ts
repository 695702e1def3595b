/**
 * Work that is done whenever somebody rings: one turn at a time, and another one if it rang meanwhile. Looks by itself from
 * time to time, because a bell may be lost.
 */
import type { Clock } from '../clock.ts';

export interface Pump {
  wake(): void;
  /** No turn is begun after this. */
  close(): void;
}

export interface PumpOptions {
  readonly clock: Clock;
  /** Longest time between two turns. */
  readonly idleMs: number;
  turn(): void | Promise<void>;
  /** A turn has failed; the next one begins after `idleMs`, or with the bell. */
  failed(error: unknown): void;
}

export function pump({ clock, idleMs, turn, failed }: PumpOptions): Pump {
  let isClosed = false;
  let isRunning = false;
  let isWanted = false;
  let cancel = () => {};

  async function run(): Promise<void> {
    cancel();
    try {
      while (isWanted && !isClosed) {
        isWanted = false;
        await turn();
      }
    } catch (error) {
      if (!isClosed) failed(error);
    }
    isRunning = false;
    if (!isClosed) cancel = clock.after(idleMs, wake);
  }

  function wake(): void {
    isWanted = true;
    if (isRunning || isClosed) return;
    isRunning = true;
    queueMicrotask(run);
  }

  return {
    wake,
    close() {
      isClosed = true;
      cancel();
    },
  };
}
