/**
 * A wait with a bound.
 */
import type { Clock } from '../clock.ts';

/** What a promise that has not settled in time fails with. */
export class TooLate extends Error {
  override readonly name = 'TooLate';
}

/** The promise's value, or a failure after so long. What comes later is dropped. */
export async function inTime<T>(promise: Promise<T>, limitMs: number, clock: Clock): Promise<T> {
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(limitMs, () => late.reject(new TooLate(`no answer within ${limitMs} ms`)));
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    cancel();
  }
}
