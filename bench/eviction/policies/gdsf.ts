/**
 * GDSF: drops what has the least uses for its size, where what was dropped sets the base for all that comes
 * later, so that old merit fades.
 *
 * Cherkasova, "Improving WWW Proxies Performance with Greedy-Dual-Size-Frequency Caching Policy", HP 1998.
 */

import { heap } from '../../../src/cache/eviction/heap.ts';
import type { Contender, Piece } from '../contender.ts';

export function gdsf(): Contender {
  const byRank = heap<Piece>();
  const counts = new WeakMap<Piece, number>();
  let base = 0;
  return {
    ownBytes: 0,
    add(piece) {
      counts.set(piece, 1);
      byRank.push(piece, base + 1 / piece.costBytes);
    },
    remove: byRank.remove,
    used(piece) {
      const count = (counts.get(piece) ?? 0) + 1;
      counts.set(piece, count);
      byRank.move(piece, base + count / piece.costBytes);
    },
    evict() {
      const { top } = byRank;
      if (!top) return null;
      base = byRank.topRank;
      byRank.remove(top);
      return top;
    },
  };
}
