/** So many things over time, and some at once: what is beyond that is not done. */
import type { Clock } from '../clock.ts';

export interface Rate {
  /** Whether one more may be done now; then it counts. */
  take(): boolean;
}

/** @param burst that may be done at once after a quiet time. */
export function openRate(
  clock: Clock,
  { perS, burst }: { readonly perS: number; readonly burst: number },
): Rate {
  let left = burst;
  let asOfMs = clock.elapsed();
  return {
    take() {
      const nowMs = clock.elapsed();
      left = Math.min(burst, left + ((nowMs - asOfMs) / 1000) * perS);
      asOfMs = nowMs;
      if (left < 1) return false;
      left--;
      return true;
    },
  };
}
