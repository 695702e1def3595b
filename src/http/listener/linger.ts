/**
 * The first part of a listener's end: every response says that it is the last one on its connection, and nothing is closed yet. So
 * clients that keep connections come to know of it by an answer, and those that have just connected get theirs. What is closed
 * at once takes requests with it that are on their way.
 */
import type { Clock } from '../../clock.ts';

export interface LingerOptions {
  /** Requests that have been answered so far. Counts up. */
  readonly answered: () => number;
  /** Requests whose responses are not complete. */
  readonly pending: () => number;
  /** No longer than this. */
  readonly graceMs: number;
  readonly clock: Clock;
}

/** It is over when nothing has been asked for so long, or else after `longestMs`. */
const quietMs = 100;
const longestMs = 2_000;
const lookMs = 25;

export function lingered({ answered, pending, graceMs, clock }: LingerOptions): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const endMs = clock.elapsed() + Math.min(longestMs, graceMs);
  let seen = answered();
  let quietSinceMs = clock.elapsed();
  look();
  return promise;

  function look(): void {
    const nowMs = clock.elapsed();
    if (answered() !== seen || pending() > 0) {
      seen = answered();
      quietSinceMs = nowMs;
    }
    if (nowMs >= endMs || nowMs - quietSinceMs >= quietMs) resolve();
    else clock.after(lookMs, look);
  }
}
