/**
 * Time, as Meridian sees it. It is passed in, never taken from the platform, so that a test can stand
 * time still, move it, and see what happens an hour from now.
 */
export interface Clock {
  /** Wall clock: milliseconds since the Unix epoch. For freshness, dates and logs. */
  now(): number;
  /** Monotonic clock: milliseconds with fraction, from an arbitrary start. For durations only. */
  elapsed(): number;
  /** Runs `task` once, `delayMs` from now, and never keeps the process alive for it. Returns its cancellation. */
  after(delayMs: number, task: () => void): () => void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
