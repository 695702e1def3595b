/**
 * Things worth knowing about a key for a short while: that it is not worth collapsing, that its bytes were
 * wrong, that its parent just failed. Bounded: beyond the limit the oldest is forgotten first.
 */
import type { Clock } from '../clock.ts';

export interface Notes<Value> {
  note(key: string, value: Value, forMs: number): void;
  get(key: string): Value | undefined;
  forget(key: string): void;
}

export function remember<Value>(clock: Clock, limit: number): Notes<Value> {
  const notes = new Map<string, { readonly value: Value; readonly untilMs: number }>();
  return {
    note(key, value, forMs) {
      notes.delete(key);
      if (notes.size >= limit) {
        const oldest = notes.keys().next();
        if (!oldest.done) notes.delete(oldest.value);
      }
      notes.set(key, { value, untilMs: clock.now() + forMs });
    },
    get(key) {
      const note = notes.get(key);
      if (!note) return undefined;
      if (note.untilMs > clock.now()) return note.value;
      notes.delete(key);
      return undefined;
    },
    forget: (key) => void notes.delete(key),
  };
}
