/**
 * Whether a parent is to be asked: judged by how its answers turn out, and by checks.
 *
 *     well ── too many failures in a row ──▶ ejected ── its time is over ──▶ returning ── the ramp is over ──▶ well
 *     any ─── a check has failed ──▶ down ── a check, or a request, has worked ──▶ returning
 *
 * One that is ejected is alive but does not do its work; how long it is left alone grows each time, as in the circuit
 * breakers of other proxies. One that is down does not answer at all, and is taken back as soon as it does. Either comes
 * back gently: its share of the keys grows from none to all, so that it is warm before all ask it.
 */
import type { Clock } from '../clock.ts';

export type HealthState = 'well' | 'returning' | 'ejected' | 'down';

export interface HealthLimits {
  /** Failures in a row. */
  readonly failures: number;
  /** Milliseconds; the first time. */
  readonly ejectMs: number;
  /** Milliseconds from none of the keys to all of them. */
  readonly rampMs: number;
}

export interface Health {
  readonly state: HealthState;
  /** Of the keys that are its own, how many it is asked for: 0 to 1. */
  readonly share: number;
  /** A request has been answered. */
  worked(): void;
  /** A request has not, by its own fault. */
  failed(): void;
  checked(answered: boolean): void;
}

/** One that is ejected again and again is left alone for so many times the first time, at most. */
const maxTimes = 10;

/** @param changed told of each change that is not only a matter of time. */
export function health(limits: HealthLimits, clock: Clock, changed: (state: HealthState) => void): Health {
  const { failures: maxFailures, ejectMs, rampMs } = limits;
  let failures = 0;
  let down = false;
  /** Ejections without a long good time in between. */
  let times = 0;
  let ejectedUntilMs = Number.NEGATIVE_INFINITY;
  /** When it was last taken back; it has been well since before the beginning. */
  let backMs = Number.NEGATIVE_INFINITY;

  function state(): HealthState {
    if (down) return 'down';
    const now = clock.elapsed();
    if (now < ejectedUntilMs) return 'ejected';
    return now < backMs + rampMs ? 'returning' : 'well';
  }

  function eject(): void {
    const now = clock.elapsed();
    times = now - backMs > ejectMs * maxTimes ? 1 : Math.min(times + 1, maxTimes);
    ejectedUntilMs = now + ejectMs * times;
    backMs = ejectedUntilMs;
    failures = 0;
    changed('ejected');
  }

  function rise(): void {
    down = false;
    failures = 0;
    backMs = Math.max(clock.elapsed(), ejectedUntilMs);
    changed(state());
  }

  return {
    get state() {
      return state();
    },
    get share() {
      const now = state();
      if (now === 'well') return 1;
      return now === 'returning' ? (clock.elapsed() - backMs) / rampMs : 0;
    },
    worked() {
      failures = 0;
      if (down) rise();
    },
    failed() {
      failures++;
      if (failures < maxFailures) return;
      const now = state();
      if (now === 'well' || now === 'returning') eject();
    },
    checked(answered) {
      if (answered) {
        if (down) rise();
      } else if (!down) {
        down = true;
        changed('down');
      }
    },
  };
}
