/**
 * Two rooms in one memory: what a worker keeps for all, and copies of what others keep. Copies may have whatever is free. When
 * something has to go, they make room among themselves as long as they have, or would have, more than their share; so no copy
 * pushes out anything else beyond it, and what comes to stay takes back from them all that is more.
 */
import type { Member, Policy } from './policy.ts';

/** Of all that is kept, what is copies. */
export interface CopiesStats {
  readonly copies: number;
  readonly copyBytes: number;
}

export interface Rooms<Kept extends Member> extends Policy<Kept> {
  readonly stats: CopiesStats;
}

/** @param shareBytes which may change. */
export function rooms<Kept extends Member & { readonly isReplica: boolean }>(
  own: Policy<Kept>,
  copied: Policy<Kept>,
  shareBytes: () => number,
): Rooms<Kept> {
  const stats = { copies: 0, copyBytes: 0 };

  function count({ isReplica, costBytes }: Kept, sign: 1 | -1): void {
    if (!isReplica) return;
    stats.copies += sign;
    stats.copyBytes += sign * costBytes;
  }

  return {
    stats,
    add(member, former) {
      (member.isReplica ? copied : own).add(member, former);
      count(member, 1);
    },
    remove(member) {
      (member.isReplica ? copied : own).remove(member);
      count(member, -1);
    },
    evict(coming) {
      const wantedBytes = stats.copyBytes + (coming?.isReplica ? coming.costBytes : 0);
      const isBeyond = wantedBytes > shareBytes();
      const victim = isBeyond ? (copied.evict() ?? own.evict()) : (own.evict() ?? copied.evict());
      if (victim) count(victim, -1);
      return victim;
    },
    get ownBytes() {
      return own.ownBytes + copied.ownBytes;
    },
  };
}
