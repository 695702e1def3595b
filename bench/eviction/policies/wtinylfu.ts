/**
 * W-TinyLFU: a small window in order of use, and a large segmented part that a newcomer only enters over
 * something that was seen less often. The window is fixed at 1%, without the climbing that some add.
 *
 * Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", ACM ToS 2017.
 */
import type { Contender, Piece } from '../contender.ts';
import { type Queue, queue } from '../queue.ts';
import { sketch } from './sketch.ts';

const windowShare = 0.01;
const protectedShare = 0.8;

export function wtinylfu(limitBytes: number): Contender {
  const window = queue();
  /** Came out of the window with the last newcomer: enters if nothing has to go, or something worse goes. */
  const candidates = queue();
  const probation = queue();
  const safe = queue();
  const places = [window, candidates, probation, safe];
  const seen = sketch();
  let members = 0;

  const placeOf = (piece: Piece) => places[piece.place] as Queue;
  function move(piece: Piece, to: Queue): void {
    placeOf(piece).remove(piece);
    piece.place = places.indexOf(to);
    to.push(piece);
  }

  function take(piece: Piece | null): Piece | null {
    if (!piece) return null;
    placeOf(piece).remove(piece);
    members--;
    return piece;
  }

  return {
    get ownBytes() {
      return seen.bytes;
    },
    add(piece) {
      while (candidates.oldest) move(candidates.oldest, probation);
      seen.ensure(++members);
      seen.add(piece.mark);
      piece.place = 0;
      window.push(piece);
      while (window.oldest && window.bytes > Math.max(piece.costBytes, limitBytes * windowShare))
        move(window.oldest, candidates);
    },
    remove: (piece) => void take(piece),
    used(piece) {
      seen.add(piece.mark);
      if (piece.place === 0) return move(piece, window);
      move(piece, safe);
      while (safe.oldest && safe.bytes > limitBytes * (1 - windowShare) * protectedShare)
        move(safe.oldest, probation);
    },
    evict() {
      const candidate = candidates.oldest;
      const victim = probation.oldest ?? safe.oldest;
      if (!candidate || !victim) return take(candidate ?? victim ?? window.oldest);
      if (seen.estimate(candidate.mark) <= seen.estimate(victim.mark)) return take(candidate);
      return take(victim);
    },
  };
}
