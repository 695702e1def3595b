/**
 * Drops that must not be lost. The index takes them at once, even while the tier is out of use; what it cannot
 * take is remembered, and made up for before anything is read from it again.
 */
import type { CacheKey } from '../../resource.ts';
import type { DiskIndex, Orphan } from './index.ts';

/** Keys remembered; beyond it, everything goes. */
const maxMissed = 10_000;

export interface Drops {
  /** Throws when the index cannot do it now. */
  drop(key: CacheKey): readonly Orphan[];
  /** Makes up for what was missed. Throws when the index still cannot do it. */
  retry(): readonly Orphan[];
}

export function drops(index: DiskIndex): Drops {
  const missed = new Set<CacheKey>();
  let missedAll = false;

  function miss(key: CacheKey): void {
    if (missed.size < maxMissed) missed.add(key);
    else missedAll = true;
  }

  return {
    drop(key) {
      try {
        return index.dropKey(key);
      } catch (error) {
        miss(key);
        throw error;
      }
    },

    retry() {
      if (missed.size === 0) return [];
      const orphans = missedAll ? [...index.dropAll()] : [];
      missedAll = false;
      for (const key of missed) {
        orphans.push(...index.dropKey(key));
        missed.delete(key);
      }
      return orphans;
    },
  };
}
