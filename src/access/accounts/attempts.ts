/**
 * How often passwords may be tried: for each user and from each address, evenly with a few at once, and only so many at a time,
 * because comparing one takes much memory and a tenth of a second on purpose.
 */
import { MeridianError } from '../../errors.ts';

/** Keeps to a rate (GCRA): `null` when the next place is not free yet. */
export interface Pace {
  take(nowMs: number, patienceMs: number): number | null;
}

export interface AttemptOptions {
  readonly pace: (limit: { readonly perSecond: number; readonly burst: number }) => Pace;
}

export interface Attempts {
  /** Does the work when it may be done. @throws `too-many-attempts`, `overloaded`. */
  try<Result>(
    user: string,
    address: string | null,
    nowMs: number,
    work: () => Promise<Result>,
  ): Promise<Result>;
}

/** So many at once, and then one in each such time. Behind one address there may be an office. */
const limits = {
  user: { burst: 10, perSecond: 0.1 },
  address: { burst: 50, perSecond: 0.5 },
} as const;
const retryAfterS = 10;
/** Users and addresses that are remembered, each: those that were heard of longest ago are forgotten. */
const maxRemembered = 10_000;
const maxAtOnce = 4;
const maxWaiting = 64;

export function attempts({ pace }: AttemptOptions): Attempts {
  const users = new Map<string, Pace>();
  const addresses = new Map<string, Pace>();
  const waiting: (() => void)[] = [];
  let running = 0;

  function paceOf(known: Map<string, Pace>, key: string, limit: keyof typeof limits): Pace {
    const found = known.get(key) ?? pace(limits[limit]);
    known.delete(key);
    const [oldest] = known.keys();
    if (known.size >= maxRemembered && oldest !== undefined) known.delete(oldest);
    known.set(key, found);
    return found;
  }

  async function turn(): Promise<void> {
    if (running < maxAtOnce) {
      running++;
      return;
    }
    if (waiting.length >= maxWaiting)
      throw new MeridianError('overloaded', 'too many people log in at once', { retryAfterS: 1 });
    await new Promise<void>((go) => waiting.push(go));
  }

  /** The turn goes to whoever waits for one. */
  function done(): void {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }

  return {
    async try(user, address, nowMs, work) {
      const isFree =
        paceOf(addresses, networkOf(address ?? ''), 'address').take(nowMs, 0) !== null &&
        paceOf(users, user, 'user').take(nowMs, 0) !== null;
      if (!isFree) {
        const detail = `too many attempts to log in as ${user} or from ${address ?? 'there'}: wait ${retryAfterS} s`;
        throw new MeridianError('too-many-attempts', detail, { retryAfterS });
      }
      await turn();
      try {
        return await work();
      } finally {
        done();
      }
    },
  };
}

/** Of IPv6, whoever has one address has 2⁶⁴ of them. */
function networkOf(address: string): string {
  return address.includes(':') ? address.split(':').slice(0, 4).join(':') : address;
}
