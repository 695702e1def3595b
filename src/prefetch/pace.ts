/**
 * Bytes for a while: who wants some waits until those before him have had their time. A rate on average, and not within one object: a
 * client who comes for what is being fetched gets it as fast as ever.
 */
import type { Clock } from '../clock.ts';

export interface Pace {
  /** Resolves when so many bytes may begin to come, or nobody wants them any more. */
  take(bytes: number): Promise<void>;
  /** All who wait go on. */
  close(): void;
}

export function openPace(clock: Clock, bytesPerS: () => number | undefined): Pace {
  /** By `Clock.elapsed()`. */
  let freeMs = 0;
  const waiting = new Set<() => void>();

  return {
    async take(bytes) {
      const rate = bytesPerS();
      if (rate === undefined) return;
      const nowMs = clock.elapsed();
      const beginMs = Math.max(nowMs, freeMs);
      freeMs = beginMs + (bytes / rate) * 1000;
      if (beginMs <= nowMs) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = clock.after(beginMs - nowMs, resolve);
      waiting.add(resolve);
      await promise;
      waiting.delete(resolve);
      cancel();
    },
    close() {
      for (const go of waiting) go();
    },
  };
}
