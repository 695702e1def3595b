/** Whether the bus can be reached, and who wants to know. */
import type { BusState } from '../bus.ts';

export interface States {
  readonly now: BusState;
  set(state: BusState): void;
  on(listener: (state: BusState) => void): void;
}

export function states(first: BusState): States {
  const listeners: ((state: BusState) => void)[] = [];
  let now = first;
  return {
    get now() {
      return now;
    },
    set(state) {
      if (state === now) return;
      now = state;
      for (const listener of listeners) listener(state);
    },
    on(listener) {
      listeners.push(listener);
    },
  };
}
