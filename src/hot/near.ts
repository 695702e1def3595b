/**
 * Which of the things that a member hands over to others it shall keep a copy of itself: what it has handed over several times
 * within a short while. Groupcache keeps one in ten; here it is what has come back, so that a crawler fills nothing.
 *
 * A copy costs about as much as a few hops, and is asked for after as many: so whatever is asked for how often, at most twice is
 * spent of what would have been enough. It is counted anew each time, so what expires within a second is not copied more often
 * than it is worth, and what nobody asks for any more not at all.
 */
import type { Clock } from '../clock.ts';
import { recent } from './recent.ts';

export interface NearRule {
  /** So many requests handed over; 0: nothing is near. */
  readonly nearRequests: number;
  readonly nearWithinS: number;
}

export interface Near {
  /** A request for this was handed over. If it shall be copied now, `take` is called, which tells whether it was kept. */
  handedOver(key: string, take: () => Promise<boolean>): void;
}

/** Names whose requests are counted: 208 KiB. */
const places = 16_384;
/** Copies on their way at once: each is in memory as a whole before it has a place there. */
export const mostTaken = 8;
/** What was not to be had (private, too long, only on disk there) is not counted for so long. */
export const restMs = 1_000;

/** @param rule `null`: nothing is near for now. */
export function near(clock: Clock, rule: () => NearRule | null): Near {
  const counts = recent(places);
  const taken = new Set<string>();

  async function copy(key: string, take: () => Promise<boolean>): Promise<void> {
    taken.add(key);
    try {
      const isKept = await take();
      counts.rest(key, clock.elapsed() + (isKept ? 0 : restMs));
    } finally {
      taken.delete(key);
    }
  }

  return {
    handedOver(key, take) {
      const known = rule();
      if (known === null || known.nearRequests === 0) return;
      const count = counts.count(key, clock.elapsed(), known.nearWithinS * 1000);
      if (count < known.nearRequests || taken.size >= mostTaken || taken.has(key)) return;
      void copy(key, take);
    },
  };
}
