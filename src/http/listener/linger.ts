/**
 * The first part of a listener's end: every response says that it is the last one on its connection, and nothing is closed yet. So
 * clients that keep connections come to know of it by an answer, and those that have just connected get theirs. What is closed
 * at once takes requests with it that are on their way.
 */
import type { Clock } from '../../clock.ts';
import { sockets, type Taken } from './sockets.ts';

export interface LingerOptions {
  /** Requests that have been answered so far. Counts up. */
  readonly answered: () => number;
  /** Requests whose responses are not complete. */
  readonly pending: () => number;
  /** Whether something may be on its way on a connection of which the server knows nothing yet. */
  readonly expected: () => Promise<boolean>;
  /** No longer than this. */
  readonly graceMs: number;
  readonly clock: Clock;
}

/**
 * It is over when it has been found quiet so many times in a row, or else after `longestMs`. Counted in looks and not in time: a process
 * that has been kept waiting itself has heard nothing meanwhile, whatever its clients have said.
 */
const quietLooks = 5;
const lookMs = 25;
const longestMs = 2_000;

export async function lingered({
  answered,
  pending,
  expected,
  graceMs,
  clock,
}: LingerOptions): Promise<void> {
  const endMs = clock.elapsed() + Math.min(longestMs, graceMs);
  let seen = answered();
  let quiet = 0;
  while (clock.elapsed() < endMs) {
    const isQuiet = answered() === seen && pending() === 0;
    seen = answered();
    quiet = isQuiet ? quiet + 1 : 0;
    if (quiet >= quietLooks && !(await expected()) && answered() === seen && pending() === 0) return;
    await new Promise<void>((resolve) => void clock.after(lookMs, resolve));
  }
}

/** For a client that has connected, and is busy with something else, to say what it wants. */
const firstWordMs = 1_000;
/** A client that has just made a connection, or read an answer, may have written what comes so many round trips later. */
const roundTrips = 3;
/** As exactly as the system knows when something came. */
const grainMs = 8;

/** Whether a request may be on its way on one of the connections that this process has taken at this port. */
export async function requestExpected(port: number): Promise<boolean> {
  return (await sockets()?.takenAt(port))?.some(mayAsk) ?? false;
}

function mayAsk({ silentMs, receivedBytes, roundTripMs }: Taken): boolean {
  return (
    silentMs <= Math.max(grainMs, roundTrips * roundTripMs) || (receivedBytes === 0 && silentMs < firstWordMs)
  );
}
