/**
 * Events that came together with the bell, so that nothing has to be read where none is missing. They are a short cut and no
 * more: what does not follow upon the place where a subscriber is, is left to reading the log.
 */
import type { Position } from '../bus.ts';

/** Events that wait for a subscriber. Beyond it, all of them are read from the log instead. */
const maxWaiting = 256;

/** An event as the log keeps it. */
export interface Entry {
  readonly sequence: number;
  readonly text: string;
}

export interface Handed {
  readonly log: string;
  /** Sequence of the event before the first of these. */
  readonly before: number;
  readonly texts: readonly string[];
}

export interface HandedQueue {
  readonly isEmpty: boolean;
  /** Returns false, and forgets all that waits, when it is too much. */
  add(handed: Handed): boolean;
  /**
   * The next ones that wait, without those up to `place`, which may be none. `null`, and all that waits is forgotten: events
   * between them and `place` are missing, or it is another log.
   */
  take(place: Position): readonly Entry[] | null;
  clear(): void;
}

export function handedQueue(): HandedQueue {
  let waiting: Handed[] = [];
  let count = 0;

  function clear(): void {
    waiting = [];
    count = 0;
  }

  return {
    get isEmpty() {
      return waiting.length === 0;
    },
    add(handed) {
      if (count + handed.texts.length > maxWaiting) {
        clear();
        return false;
      }
      waiting.push(handed);
      count += handed.texts.length;
      return true;
    },
    take(place) {
      const next = waiting.shift();
      if (next === undefined) return [];
      const { log, before, texts } = next;
      count -= texts.length;
      if (log === place.log && before <= place.sequence)
        return texts
          .map((text, index) => ({ sequence: before + index + 1, text }))
          .filter(({ sequence }) => sequence > place.sequence);
      clear();
      return null;
    },
    clear,
  };
}
