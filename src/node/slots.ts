/**
 * Room for so many at a time. Whoever finds none waits for a while, in order, and then does without.
 */
import type { Clock } from '../clock.ts';

export interface Slots {
  /** Whether there was room, or has been made in time. Whoever got some gives it back. */
  take(waitMs: number): Promise<boolean>;
  give(): void;
}

export function slots(limit: number, clock: Clock): Slots {
  const waiting = new Set<() => void>();
  let taken = 0;

  return {
    take(waitMs) {
      if (taken < limit) {
        taken++;
        return Promise.resolve(true);
      }
      return new Promise((resolve) => {
        const cancel = clock.after(waitMs, () => {
          waiting.delete(handed);
          resolve(false);
        });
        const handed = () => {
          cancel();
          resolve(true);
        };
        waiting.add(handed);
      });
    },

    give() {
      // Handed on rather than given back, so that nobody slips in between.
      for (const next of waiting) {
        waiting.delete(next);
        return next();
      }
      taken--;
    },
  };
}
