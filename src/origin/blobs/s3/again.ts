/** Asks again what failed for the moment, after pauses that grow and differ from process to process. */
import type { Clock } from '../../../clock.ts';
import { retriesAfter } from './refusal.ts';

export interface Patience {
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Before the second attempt; then four times as long each. */
const firstPauseMs = 100;
/** No attempt begins later than this after the first one. */
const withinMs = 60_000;

/** @param signal ends the pauses, and fails with its reason. */
export async function again<Result>(
  attempt: () => Promise<Result>,
  { clock, random }: Patience,
  signal: AbortSignal | undefined,
): Promise<Result> {
  const startMs = clock.elapsed();
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      const isLast = tried > retriesAfter(error) || clock.elapsed() - startMs > withinMs;
      if (isLast || signal?.aborted) throw error;
    }
    await pause(firstPauseMs * 4 ** (tried - 1) * (0.5 + random() / 2), clock, signal);
    signal?.throwIfAborted();
  }
}

async function pause(ms: number, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  const over = Promise.withResolvers<void>();
  const cancel = clock.after(ms, over.resolve);
  signal?.addEventListener('abort', () => over.resolve(), { once: true });
  await over.promise;
  cancel();
}
