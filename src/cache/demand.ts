/**
 * How often a key was asked for lately: whether a body is worth fetching to its end although nobody waits for it
 * any more. Counts what memory could not answer, which is every request for something that is still arriving.
 *
 * Every miss counts, and hardly one is ever looked at: so there are numbers in fixed places and no names, 16 bytes a
 * key. Two keys that want one place take it from each other.
 */
import type { Clock } from '../clock.ts';

export interface Demand {
  note(key: string): void;
  /** Requests in a row of which none came later than `latelyMs` after the one before. */
  lately(key: string): number;
}

const latelyMs = 60_000;

/** @param limit how many keys are counted at once. */
export function demand(clock: Clock, limit: number): Demand {
  const names = new Uint32Array(limit);
  const counts = new Uint32Array(limit);
  const untilMs = new Float64Array(limit);

  function countOf(name: number): number {
    const place = name % limit;
    return names[place] === name && untilMs[place]! > clock.elapsed() ? counts[place]! : 0;
  }

  return {
    lately: (key) => countOf(nameOf(key)),

    note(key) {
      const name = nameOf(key);
      const place = name % limit;
      counts[place] = countOf(name) + 1;
      names[place] = name;
      untilMs[place] = clock.elapsed() + latelyMs;
    },
  };
}

function nameOf(key: string): number {
  return Bun.hash.xxHash32(key);
}
