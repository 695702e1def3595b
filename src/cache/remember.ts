/**
 * Things worth knowing about a key for a short while: that it is not worth collapsing, that its bytes were
 * wrong, that its parent just failed. Bounded in number and in the length of the keys, which clients choose:
 * beyond either limit the oldest is forgotten first.
 */
import type { Clock } from '../clock.ts';

export interface Notes<Value> {
  note(key: string, value: Value, forMs: number): void;
  get(key: string): Value | undefined;
  forget(key: string): void;
}

/** UTF-16 code units of the keys, on average, beyond which fewer notes than the limit are kept. */
const meanKeyLength = 128;

/** @param limit how many notes are kept at once. */
export function remember<Value>(clock: Clock, limit: number): Notes<Value> {
  const notes = new Map<string, { readonly value: Value; readonly untilMs: number }>();
  let keyLengths = 0;
  // One iterator for good: a new one would have to pass the places of all that have been deleted since the map was
  // last laid out anew, which are as many as the notes, to find the oldest.
  let oldest = notes.keys();

  function forget(key: string): void {
    if (notes.delete(key)) keyLengths -= key.length;
  }

  function forgetOldest(): void {
    const { done, value } = oldest.next();
    if (done) oldest = notes.keys();
    else forget(value);
  }

  return {
    note(key, value, forMs) {
      forget(key);
      notes.set(key, { value, untilMs: clock.elapsed() + forMs });
      keyLengths += key.length;
      while (notes.size > limit || keyLengths > limit * meanKeyLength) forgetOldest();
    },
    get(key) {
      const note = notes.get(key);
      if (!note) return undefined;
      if (note.untilMs > clock.elapsed()) return note.value;
      forget(key);
      return undefined;
    },
    forget,
  };
}
