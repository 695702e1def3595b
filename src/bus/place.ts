/**
 * Whether a subscriber can go on from where it was.
 */
import type { Place, Position } from '../bus.ts';

/** What a log holds now. */
export interface Extent {
  readonly log: string;
  /** Sequence of the oldest event that is kept; of the next one, while there is none. */
  readonly oldest: number;
  /** Sequence of the newest event that there has ever been; 0: there has been none. */
  readonly newest: number;
}

/**
 * Events after `place` are missing: they were dropped, or it is another log. A log that ends before `place` has lost its end,
 * and numbers other events as it had numbered those.
 */
export function isMissing(place: Position, { log, oldest, newest }: Extent): boolean {
  return place.log !== log || place.sequence > newest || place.sequence + 1 < oldest;
}

/** The log has lost its end: it is shorter than what was heard of it, or holds another event there. */
export function isCut(place: Place, { log, newest }: Extent, there: string | null): boolean {
  if (place.log !== log) return false;
  return place.sequence > newest || (place.digest !== null && there !== null && place.digest !== there);
}

/** From where all that is kept comes. */
export function startOf({ log, oldest }: Extent): Place {
  return { log, sequence: oldest - 1, digest: null };
}

export function endOf({ log, newest }: Extent): Position {
  return { log, sequence: newest };
}
