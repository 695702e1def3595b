/**
 * What takes long to find out is found out when somebody wants to know, and not again before twenty times as long has passed as that took,
 * so that it never costs more than a twentieth of the process.
 */
import type { Clock } from '../clock.ts';

const freshMs = 1_000;
const restFactor = 20;
/** Who asks waits for a reading that is expected to take no longer; else he gets the one before. */
const mostWaitMs = 250;

/** @returns what was read last; all who come while it is read wait for the same reading. */
export function seldom<Input, Value>(
  clock: Clock,
  read: (input: Input) => Promise<Value>,
): (input: Input) => Promise<Value> {
  let last: { readonly value: Value; readonly atMs: number; readonly tookMs: number } | null = null;
  let running: Promise<Value> | null = null;

  async function readNow(input: Input): Promise<Value> {
    const startedMs = clock.elapsed();
    const value = await read(input);
    last = { value, atMs: clock.elapsed(), tookMs: clock.elapsed() - startedMs };
    return value;
  }

  return async (input) => {
    if (last !== null && clock.elapsed() - last.atMs < Math.max(freshMs, restFactor * last.tookMs))
      return last.value;
    running ??= readNow(input).finally(() => {
      running = null;
    });
    if (last === null || last.tookMs <= mostWaitMs) return running;
    running.catch(() => {}); // whoever asks next begins another one
    return last.value;
  };
}
