/**
 * How long a listener that is told to stop waits for what is under way.
 */
import type { Clock } from '../../clock.ts';

export interface DrainOptions {
  /** Every connection is closed. */
  readonly stopped: Promise<unknown>;
  /** Requests whose responses are not complete. */
  readonly pending: () => number;
  readonly graceMs: number;
  readonly clock: Clock;
}

/** How often it is asked whether requests are pending. */
const lookMs = 25;

/**
 * Resolves when nothing is pending, or when the grace is over. Not when every connection is closed: one on which a
 * request has only half arrived stays open until its time-out.
 */
export function settled({ stopped, pending, graceMs, clock }: DrainOptions): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancelGrace = clock.after(graceMs, finish);
  let cancelLook = clock.after(0, look);

  function look(): void {
    if (pending() === 0) finish();
    else cancelLook = clock.after(lookMs, look);
  }

  function finish(): void {
    cancelGrace();
    cancelLook();
    resolve();
  }

  stopped.then(finish, finish);
  return promise;
}
