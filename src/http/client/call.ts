/**
 * A request under way, and everything that may end it early: the abort by whoever wants it no more, and time.
 */
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import { type Watchdog, watchdog } from '../watchdog.ts';
import type { Leash } from './leash.ts';

export class Call {
  readonly clock: Clock;
  /** Expects the upstream to do something in time. */
  readonly late: Watchdog;
  readonly #signal: AbortSignal;
  readonly #aborted = () => this.#endEarly(this.#signal.reason);
  #stop: ((reason: unknown) => void) | null = null;
  #over = false;
  /** Why it has ended early, for whoever begins to listen after that. */
  #early: { readonly reason: unknown } | null = null;
  #connecting = true;

  constructor(signal: AbortSignal, clock: Clock, leash?: Leash) {
    this.clock = clock;
    this.#signal = signal;
    this.late = watchdog(clock, () => this.#endLate());
    signal.addEventListener('abort', this.#aborted, { once: true });
    leash?.hold((reason) => this.#endEarly(reason));
  }

  /** `stop` is called, with the reason, when the call ends early, or has; only the last one that was given. */
  until(stop: (reason: unknown) => void): void {
    this.#stop = stop;
    if (this.#early) stop(this.#early.reason);
  }

  /** There is a connection: from now on, an answer is waited for. */
  connected(): void {
    this.#connecting = false;
    this.late.rest();
  }

  /** Nothing can end it early any more. */
  ended(): void {
    if (this.#over) return;
    this.#over = true;
    this.late.stop();
    this.#signal.removeEventListener('abort', this.#aborted);
  }

  #endLate(): void {
    const what = this.#connecting ? 'accepts no connection' : 'did not answer in time';
    this.#endEarly(new MeridianError('upstream-timeout', `the upstream ${what}`));
  }

  #endEarly(reason: unknown): void {
    if (this.#over) return;
    this.ended();
    this.#early = { reason };
    this.#stop?.(reason);
  }
}
