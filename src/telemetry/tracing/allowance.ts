/**
 * So many in so much time, and no more: what was not used is there for a burst, up to all of one period.
 */
import type { Clock } from '../../clock.ts';

/** @returns whether there is one left; if so, it is taken. */
export function allowance(count: number, periodMs: number, clock: Clock): () => boolean {
  let left = count;
  let atMs = clock.elapsed();
  return () => {
    const nowMs = clock.elapsed();
    left = Math.min(count, left + ((nowMs - atMs) * count) / periodMs);
    atMs = nowMs;
    if (left < 1) return false;
    left--;
    return true;
  };
}
