/** How long to wait before trying again: doubled each time, with as much again at random, so that not all come at once. */
import { randomInt } from 'node:crypto';

export interface Backoff {
  /** Milliseconds until the next attempt. */
  next(): number;
  /** It went well. */
  reset(): void;
}

export function backoff(firstMs: number, lastMs: number): Backoff {
  let ms = firstMs;
  return {
    next() {
      const waitMs = ms + randomInt(ms);
      ms = Math.min(ms * 2, lastMs);
      return waitMs;
    },
    reset() {
      ms = firstMs;
    },
  };
}
