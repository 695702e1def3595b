/**
 * Keeps to a rate: so many a second, evenly, and so many at once after a quiet time (GCRA, the leaky bucket of
 * ITU-T I.371, by one number).
 */

export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

export interface Rate {
  /**
   * Takes the next place. Gives the milliseconds until its time; `null`, and takes none, when that is more than
   * `patienceMs`.
   */
  take(nowMs: number, patienceMs: number): number | null;
}

export function rate({ perSecond, burst }: RateLimit): Rate {
  const intervalMs = 1000 / perSecond;
  const toleranceMs = intervalMs * (burst - 1);
  /** When the next one would come if all came evenly. */
  let dueMs = Number.NEGATIVE_INFINITY;
  return {
    take(nowMs, patienceMs) {
      const waitMs = Math.max(0, dueMs - toleranceMs - nowMs);
      if (waitMs > patienceMs) return null;
      dueMs = Math.max(dueMs, nowMs) + intervalMs;
      return waitMs;
    },
  };
}
