/**
 * How often a key was asked for lately: whether a body is worth fetching to its end although nobody waits for it
 * any more. Counts what memory could not answer, which is every request for something that is still arriving.
 */
import type { Clock } from '../clock.ts';
import { remember } from './remember.ts';

export interface Demand {
  note(key: string): void;
  /** Requests in a row of which none came later than `latelyMs` after the one before. */
  lately(key: string): number;
}

const latelyMs = 60_000;

/** @param limit how many keys are counted at once; the one asked for longest ago is forgotten first. */
export function demand(clock: Clock, limit: number): Demand {
  const counts = remember<number>(clock, limit);
  const lately = (key: string) => counts.get(key) ?? 0;
  return {
    lately,
    note: (key) => counts.note(key, lately(key) + 1, latelyMs),
  };
}
