/** Least recently used: what most caches do, and what the others are measured against. */
import type { Contender } from '../contender.ts';
import { queue } from '../queue.ts';

export function lru(): Contender {
  const byUse = queue();
  return {
    ownBytes: 0,
    add: byUse.push,
    remove: byUse.remove,
    used(piece) {
      byUse.remove(piece);
      byUse.push(piece);
    },
    evict() {
      const { oldest } = byUse;
      if (oldest) byUse.remove(oldest);
      return oldest;
    },
  };
}
