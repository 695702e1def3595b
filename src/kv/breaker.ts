/**
 * Leaves alone what has failed several times in a row, so that something dead costs nothing: after a while one attempt is let through,
 * and the others as soon as that has worked.
 */
import type { Clock } from '../clock.ts';

export interface Breaker {
  /** Whether to try. Whoever is told so says how it went. */
  allows(): boolean;
  worked(): void;
  failed(error: unknown): void;
  readonly isOpen: boolean;
}

/** Failures in a row. */
const failuresToOpen = 3;
/** From a failure to the next attempt. */
const openMs = 5000;

/** @param changed told when it opens, with what failed last, and when it closes (`null`). */
export function breaker(clock: Clock, changed: (error: unknown) => void): Breaker {
  let failures = 0;
  let nextAttemptMs = 0;

  return {
    allows() {
      if (failures < failuresToOpen) return true;
      const now = clock.elapsed();
      if (now < nextAttemptMs) return false;
      nextAttemptMs = now + openMs;
      return true;
    },
    worked() {
      const wasOpen = failures >= failuresToOpen;
      failures = 0;
      if (wasOpen) changed(null);
    },
    failed(error) {
      failures++;
      nextAttemptMs = clock.elapsed() + openMs;
      if (failures === failuresToOpen) changed(error);
    },
    get isOpen() {
      return failures >= failuresToOpen;
    },
  };
}
