/**
 * A request under way, and everything that may end it early: the abort by whoever wants it no more, and time.
 */
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import { type Watchdog, watchdog } from '../watchdog.ts';

export interface Call {
  readonly clock: Clock;
  /** Expects the upstream to do something in time. */
  readonly late: Watchdog;
  /** `stop` is called, with the reason, when the call ends early, or has; only the last one that was given. */
  until(stop: (reason: unknown) => void): void;
  /** There is a connection: from now on, an answer is waited for. */
  connected(): void;
  /** Nothing can end it early any more. */
  ended(): void;
}

export function openCall(signal: AbortSignal, clock: Clock): Call {
  let stop = (_: unknown) => {};
  let over = false;
  /** Why it has ended early, for whoever begins to listen after that. */
  let early: { readonly reason: unknown } | null = null;
  let connecting = true;
  const late = watchdog(clock, () => {
    const what = connecting ? 'accepts no connection' : 'did not answer in time';
    endEarly(new MeridianError('upstream-timeout', `the upstream ${what}`));
  });
  const aborted = () => endEarly(signal.reason);
  signal.addEventListener('abort', aborted, { once: true });

  function ended(): void {
    if (over) return;
    over = true;
    late.stop();
    signal.removeEventListener('abort', aborted);
  }

  function endEarly(reason: unknown): void {
    if (over) return;
    ended();
    early = { reason };
    stop(reason);
  }

  return {
    clock,
    late,
    until(next) {
      stop = next;
      if (early) next(early.reason);
    },
    connected() {
      connecting = false;
      late.rest();
    },
    ended,
  };
}
