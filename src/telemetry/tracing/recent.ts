/**
 * What is remembered for a while, and bounded: two generations, of which the older one is forgotten as a whole. So nothing is
 * ever looked through, and something is found for at least `forMs`, unless more than `most` came after it.
 */
import type { Clock } from '../../clock.ts';

export interface Recent<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
}

/** @param most of one generation. */
export function recent<Value>(forMs: number, most: number, clock: Clock): Recent<Value> {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  let sinceMs = clock.elapsed();

  function age(): void {
    const passedMs = clock.elapsed() - sinceMs;
    if (passedMs < forMs && young.size < most) return;
    old = passedMs < 2 * forMs ? young : new Map();
    young = new Map();
    sinceMs = clock.elapsed();
  }

  return {
    get(key) {
      age();
      return young.get(key) ?? old.get(key);
    },
    set(key, value) {
      age();
      young.set(key, value);
    },
  };
}
