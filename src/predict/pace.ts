/** Lets only so many things through within a tick. Costs next to nothing for those that it does not. */
import type { Clock } from '../clock.ts';

export interface Pace {
  mayGo(): boolean;
}

export function openPace(clock: Clock, perTick: number, tickMs: number): Pace {
  let untilMs = Number.NEGATIVE_INFINITY;
  let left = 0;
  return {
    mayGo() {
      const nowMs = clock.elapsed();
      if (nowMs >= untilMs) {
        untilMs = nowMs + tickMs;
        left = perTick;
      }
      return left > 0 && left-- > 0;
    },
  };
}
