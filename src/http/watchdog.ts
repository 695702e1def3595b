/**
 * Notices when what is waited for does not come in time.
 *
 * A stream waits for each of its chunks, and a timer that is set and cleared for each of them would cost more
 * than many a chunk. So `wait` and `rest` only note a time; one timer looks at the note when it fires, and sets
 * itself again if the time has not come.
 */
import type { Clock } from '../clock.ts';

export interface Watchdog {
  /** Something is waited for from now on, `ms` at most; then `expired` is called, once. */
  wait(ms: number): void;
  /** It has come, or its time does not count any more. */
  rest(): void;
  /** There will be no more waits. Holds on to nothing after that. */
  stop(): void;
}

export function watchdog(clock: Clock, expired: () => void): Watchdog {
  let deadlineMs = Number.POSITIVE_INFINITY;
  let firesMs = Number.POSITIVE_INFINITY;
  let cancelTimer: (() => void) | null = null;
  let stopped = false;

  function arm(): void {
    cancelTimer?.();
    firesMs = deadlineMs;
    cancelTimer = clock.after(deadlineMs - clock.elapsed(), look);
  }

  function look(): void {
    cancelTimer = null;
    firesMs = Number.POSITIVE_INFINITY;
    if (deadlineMs === Number.POSITIVE_INFINITY) return;
    // Half a millisecond early counts as in time: timers have no fractions, `elapsed` has.
    if (clock.elapsed() < deadlineMs - 0.5) {
      arm();
      return;
    }
    stop();
    expired();
  }

  function stop(): void {
    stopped = true;
    cancelTimer?.();
    cancelTimer = null;
  }

  return {
    wait(ms) {
      if (stopped) return;
      deadlineMs = clock.elapsed() + ms;
      if (deadlineMs < firesMs) arm();
    },
    rest() {
      deadlineMs = Number.POSITIVE_INFINITY;
    },
    stop,
  };
}
