/**
 * Does something that should never end, again and again: after an error, after a pause; at once when the connection is back.
 */
import type { Clock } from '../../clock.ts';
import { backoff } from '../backoff.ts';
import type { Listener } from '../roster.ts';

/** After an error. */
const pauseMs = { first: 50, last: 2000 };

export interface AttendOptions {
  readonly clock: Clock;
  /** Ends when told to, or when it has to be begun anew. */
  round(signal: AbortSignal): Promise<void>;
  failed(error: unknown): void;
}

export function attend({ clock, round, failed }: AttendOptions): Listener {
  const pause = backoff(pauseMs.first, pauseMs.last);
  let isClosed = false;
  let current = new AbortController();

  async function run(): Promise<void> {
    while (!isClosed) {
      current = new AbortController();
      const { signal } = current;
      try {
        await round(signal);
        pause.reset();
      } catch (error) {
        if (!signal.aborted) failed(error);
      }
      if (!signal.aborted) await paused(signal);
    }
  }

  function paused(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(pause.next(), resolve);
      signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }

  void run();
  return {
    wake: () => undefined, // The server wakes it.
    again: () => current.abort(),
    close() {
      isClosed = true;
      current.abort();
    },
  };
}
