/** Whether the bus can be reached, and who wants to know. */
import type { BusState } from '../bus.ts';

export interface States {
  readonly now: BusState;
  set(state: BusState): void;
  /** It cannot be reached. Tells whether that is news: it could be until now, or nobody had found out yet. */
  lost(): boolean;
  on(listener: (state: BusState) => void): void;
}

export function states(first: BusState): States {
  const listeners: ((state: BusState) => void)[] = [];
  let now = first;
  let wasLost = false;

  function set(state: BusState): void {
    if (state === now) return;
    now = state;
    for (const listener of listeners) listener(state);
  }

  return {
    get now() {
      return now;
    },
    set,
    lost() {
      const isNews = now === 'connected' || !wasLost;
      wasLost = true;
      set('disconnected');
      return isNews;
    },
    on(listener) {
      listeners.push(listener);
    },
  };
}
