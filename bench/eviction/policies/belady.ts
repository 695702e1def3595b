/**
 * Belady's MIN: drops what is asked for again last, the newcomer not excepted. Nothing has more hits when all
 * objects are of one size; when they are not, it is a strong reference and no bound.
 *
 * Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems Journal 1966.
 */

import { heap } from '../../../src/cache/eviction/heap.ts';
import type { Contender, Piece } from '../contender.ts';

export function belady(): Contender {
  const byNextUse = heap<Piece>();
  return {
    ownBytes: 0,
    seesFuture: true,
    add(piece) {
      byNextUse.push(piece, -piece.nextUse);
    },
    remove: byNextUse.remove,
    used(piece) {
      byNextUse.move(piece, -piece.nextUse);
    },
    evict() {
      const { top } = byNextUse;
      if (top) byNextUse.remove(top);
      return top;
    },
  };
}
