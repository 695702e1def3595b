/**
 * What has gone from memory and disk, and why: counted, and the last ones remembered, but for what a newer response of its
 * own key has replaced. A note costs a few words of memory, so that what goes by the million costs hardly anything either.
 */
import type { Clock } from '../../clock.ts';
import { type Eviction, type EvictionCause, evictionCauses } from '../../messages/cached.ts';

/** That are remembered, of both tiers. */
const remembered = 100;

export interface Gone {
  readonly key: string;
  readonly cause: EvictionCause;
  readonly bytes: number;
  /** When its response came, ms since the epoch. */
  readonly receivedMs: number;
  /** `null` where they are not counted. */
  readonly uses: number | null;
}

export type Tier = Eviction['tier'];

export interface Evictions {
  note(tier: Tier, gone: Gone): void;
  /** How many since the start, of each tier and cause that there has been. */
  readonly counts: readonly { readonly tier: Tier; readonly cause: EvictionCause; readonly count: number }[];
  /** The newest first. */
  latest(most: number): readonly Eviction[];
}

export function evictions(clock: Clock): Evictions {
  const ring: (Gone & { readonly tier: Tier; readonly atMs: number })[] = [];
  let next = 0;
  const counts = { memory: noCounts(), disk: noCounts() };

  return {
    note(tier, { key, cause, bytes, receivedMs, uses }) {
      counts[tier][cause]++;
      if (cause === 'replaced') return;
      ring[next] = { tier, key, cause, bytes, receivedMs, uses, atMs: clock.now() };
      next = (next + 1) % remembered;
    },
    get counts() {
      const tiers: readonly Tier[] = ['memory', 'disk'];
      return tiers.flatMap((tier) =>
        evictionCauses
          .map((cause) => ({ tier, cause, count: counts[tier][cause] }))
          .filter(({ count }) => count > 0),
      );
    },
    latest(most) {
      const newestFirst = [...ring.slice(next), ...ring.slice(0, next)].reverse().slice(0, most);
      return newestFirst.map(({ receivedMs, ...gone }) => ({
        ...gone,
        ageS: Math.max(0, Math.floor((gone.atMs - receivedMs) / 1000)),
      }));
    },
  };
}

function noCounts(): Record<EvictionCause, number> {
  const none = { space: 0, replaced: 0, purged: 0, withdrawn: 0 };
  return { ...none, variants: 0, unused: 0, corrupt: 0, lost: 0 };
}
