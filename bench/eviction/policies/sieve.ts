/**
 * SIEVE: one queue in order of arrival and a hand that walks it from the oldest to the newest. What was used
 * since the hand last passed is spared once, the first that was not is dropped.
 *
 * Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024.
 */
import type { Contender, Piece } from '../contender.ts';
import { queue } from '../queue.ts';

export function sieve(): Contender {
  const all = queue();
  let hand: Piece | null = null;

  function remove(piece: Piece): void {
    if (hand === piece) hand = piece.newer;
    all.remove(piece);
  }

  return {
    ownBytes: 0,
    add: all.push,
    remove,
    evict() {
      let piece = hand ?? all.oldest;
      // Ends within two rounds: the first clears every mark that it meets.
      while (piece && piece.uses > 0) {
        piece.uses = 0;
        piece = piece.newer ?? all.oldest;
      }
      hand = piece;
      if (piece) remove(piece);
      return piece;
    },
  };
}
