/** Who listens to this bus, so that all can be woken and, in the end, closed. */
import type { Subscription } from '../bus.ts';

export interface Listener extends Subscription {
  /** There may be something new. */
  wake(): void;
  /** The connection was lost and is back. */
  again(): void;
}

export interface Roster {
  add(listener: Listener): Subscription;
  wake(): void;
  again(): void;
  close(): void;
}

export function roster(): Roster {
  const all = new Set<Listener>();
  return {
    add(listener) {
      all.add(listener);
      return {
        close() {
          all.delete(listener);
          listener.close();
        },
      };
    },
    wake() {
      for (const listener of all) listener.wake();
    },
    again() {
      for (const listener of all) listener.again();
    },
    close() {
      for (const listener of all) listener.close();
      all.clear();
    },
  };
}
