/**
 * Looks after one parent: asks now and then whether it is there, often while it is not, and at once when something
 * looks wrong. Requests that are answered say as much as a check, and save it.
 */
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';

export interface CheckTimes {
  /** Milliseconds between two checks of a parent that nobody asks anything else. */
  readonly everyMs: number;
  /** The same while it is down. */
  readonly failingMs: number;
  /** For the answer. */
  readonly timeoutMs: number;
}

export interface Checked {
  readonly clock: Clock;
  /** From 0 to 1, so that not all nodes check at the same time. */
  readonly random: () => number;
  readonly isDown: () => boolean;
  /** Rejects when there is no answer. */
  readonly send: (signal: AbortSignal) => Promise<void>;
  /** @param why there is no answer. */
  readonly found: (answered: boolean, late: boolean, why: unknown) => void;
}

export interface Checks {
  /** Whether it answers now. One check at a time, for all who want to know. */
  now(): Promise<boolean>;
  /** A request has been answered. */
  heard(): void;
  close(): void;
}

/** Time passes in so many steps, so that a process that was held up itself does not take that for the parent's silence. */
const steps = 4;

export function checks({ everyMs, failingMs, timeoutMs }: CheckTimes, checked: Checked): Checks {
  const { clock, random, isDown, send, found } = checked;
  const stopper = new AbortController();
  let heardMs = clock.elapsed();
  let underWay: Promise<boolean> | null = null;
  let cancel = schedule();

  /** Up to a fifth sooner or later. */
  function schedule(): () => void {
    return clock.after((isDown() ? failingMs : everyMs) * (0.8 + 0.4 * random()), () => {
      if (isDown() || clock.elapsed() - heardMs >= everyMs) void now();
      else cancel = schedule();
    });
  }

  function now(): Promise<boolean> {
    underWay ??= once().finally(() => {
      underWay = null;
    });
    return underWay;
  }

  async function once(): Promise<boolean> {
    const stop = new AbortController();
    const end = () => stop.abort();
    stopper.signal.addEventListener('abort', end, { once: true });
    let late = false;
    let cancelStep = step(steps);
    function step(left: number): () => void {
      return clock.after(timeoutMs / steps, () => {
        if (left > 1) {
          cancelStep = step(left - 1);
          return;
        }
        late = true;
        stop.abort();
      });
    }
    let why: unknown;
    const answered = await send(stop.signal).then(
      () => true,
      (thrown) => {
        why = thrown;
        late ||= thrown instanceof MeridianError && thrown.code === 'upstream-timeout';
        return false;
      },
    );
    cancelStep();
    stopper.signal.removeEventListener('abort', end);
    if (answered) heardMs = clock.elapsed();
    if (stopper.signal.aborted) return answered;
    found(answered, late, why);
    cancel();
    cancel = schedule();
    return answered;
  }

  return {
    now,
    heard() {
      heardMs = clock.elapsed();
    },
    close() {
      stopper.abort();
      cancel();
    },
  };
}
