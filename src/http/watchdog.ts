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
  return new Dog(clock, expired);
}

/** A class, since there is one for every request to an upstream, and closures would be five objects. */
class Dog implements Watchdog {
  readonly #clock: Clock;
  readonly #expired: () => void;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #firesMs = Number.POSITIVE_INFINITY;
  #cancelTimer: (() => void) | null = null;
  #stopped = false;

  constructor(clock: Clock, expired: () => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  wait(ms: number): void {
    if (this.#stopped) return;
    this.#deadlineMs = this.#clock.elapsed() + ms;
    if (this.#deadlineMs < this.#firesMs) this.#arm(ms);
  }

  rest(): void {
    this.#deadlineMs = Number.POSITIVE_INFINITY;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #arm(ms: number): void {
    this.#cancelTimer?.();
    this.#firesMs = this.#deadlineMs;
    this.#cancelTimer = this.#clock.after(ms, () => this.#look());
  }

  #look(): void {
    this.#cancelTimer = null;
    this.#firesMs = Number.POSITIVE_INFINITY;
    if (this.#deadlineMs === Number.POSITIVE_INFINITY) return;
    const leftMs = this.#deadlineMs - this.#clock.elapsed();
    // Half a millisecond early counts as in time: timers have no fractions, `elapsed` has.
    if (leftMs > 0.5) {
      this.#arm(leftMs);
      return;
    }
    this.stop();
    this.#expired();
  }
}
