/** Has what is in steady use confirmed before it is too old: so nobody waits for that, and what has changed is here before somebody asks for it. */
import type { Clock } from '../clock.ts';
import type { InUse, Popular } from './popular.ts';
import type { Predictor } from './predictor.ts';
import type { Prospect } from './surroundings.ts';

export interface Expiry {
  /** ms; below 0: it is stale already. */
  readonly inMs: number;
  /** From when it was made or confirmed until it is stale, ms. */
  readonly lifetimeMs: number;
}

export interface RenewalOptions {
  readonly clock: Clock;
  readonly popular: Popular;
  readonly predictor: Pick<Predictor, 'bring'>;
  readonly isOn: () => boolean;
  /** `null`: it is not here any more, or not this process's to renew. */
  expiry(each: InUse): Expiry | null;
  prospect(each: InUse): Prospect;
}

const everyMs = 2_000;
/** It is renewed when less than this share of its lifetime is left, or so many ms. */
const lateShare = 0.1;
const lateMs = 5_000;
/** What is stale so soon is asked for again and again anyway. */
const shortestMs = 15_000;
const restMs = 10_000;
/** For so long what was found fresh is not looked at again, although it may have been replaced meanwhile. */
const mostRestMs = 60_000;
/** Begun in one look, and looked at. */
const mostAtOnce = 64;
const mostLooks = 256;

export function openRenewal({ clock, popular, predictor, isOn, expiry, prospect }: RenewalOptions): {
  close(): void;
} {
  let cancel = clock.after(everyMs, look);

  function look(): void {
    cancel = clock.after(everyMs, look);
    if (!isOn()) return;
    const nowMs = clock.now();
    let begun = 0;
    for (const each of popular.inUse(nowMs).slice(0, mostLooks)) {
      if (begun >= mostAtOnce) return;
      const inMs = dueInMs(each);
      each.restsUntilMs = nowMs + (inMs > 0 ? Math.min(inMs, mostRestMs) : restMs);
      if (inMs > 0) continue;
      begun++;
      // Most of it has not changed, and so is no longer than its head.
      predictor.bring(each.route, prospect(each), 'renewed', 0);
    }
  }

  /** In how many ms it is to be renewed; 0 and below: now. */
  function dueInMs(each: InUse): number {
    const found = expiry(each);
    if (found === null || found.lifetimeMs < shortestMs) return restMs;
    const { inMs, lifetimeMs } = found;
    return inMs - Math.max(lateMs, lifetimeMs * lateShare);
  }

  return { close: () => cancel() };
}
