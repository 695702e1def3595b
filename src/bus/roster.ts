/** Who listens to this bus and to what there, so that they can be woken and, in the end, closed. */
import type { Subscription } from '../bus.ts';
import type { Handed } from './handed.ts';

export interface Listener extends Subscription {
  /** There may be something new. */
  wake(): void;
  /** These have come with the bell: whoever can make use of them need not read. */
  hand?(handed: Handed): void;
  /** The connection was lost and is back. */
  again(): void;
}

/** What a bell may be about. */
export type Topic = `log ${string}` | `view ${string}`;

export interface Roster {
  add(listener: Listener, topic: Topic): Subscription;
  /** Those who listen to this, or to any log, or to any view; all, when it is not said. */
  wake(topic?: Topic | 'logs' | 'views'): void;
  hand(topic: Topic, handed: Handed): void;
  again(): void;
  close(): void;
}

export interface RosterOptions {
  /** Told before the first one listens to this. */
  begins?(topic: Topic): void;
  /** Nobody listens to this any more. */
  ends?(topic: Topic): void;
}

export function roster({ begins, ends }: RosterOptions = {}): Roster {
  const all = new Map<Listener, Topic>();
  const isHeard = (topic: Topic) => all.values().some((each) => each === topic);
  return {
    add(listener, topic) {
      if (!isHeard(topic)) begins?.(topic);
      all.set(listener, topic);
      return {
        close() {
          if (all.delete(listener) && !isHeard(topic)) ends?.(topic);
          listener.close();
        },
      };
    },
    wake(topic) {
      for (const [listener, of] of all) if (isAbout(of, topic)) listener.wake();
    },
    hand(topic, handed) {
      for (const [listener, of] of all) {
        if (of !== topic) continue;
        if (listener.hand) listener.hand(handed);
        else listener.wake();
      }
    },
    again() {
      for (const listener of all.keys()) listener.again();
    },
    close() {
      for (const listener of all.keys()) listener.close();
      all.clear();
    },
  };
}

function isAbout(of: Topic, topic: Topic | 'logs' | 'views' | undefined): boolean {
  if (topic === 'logs') return of.startsWith('log ');
  if (topic === 'views') return of.startsWith('view ');
  return topic === undefined || of === topic;
}
