/**
 * S3-FIFO: a small queue that most objects do not survive, a main queue for those that were used in it or come
 * back soon after, and a ghost queue of names that remembers what left the small one.
 *
 * Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023. Sizes in bytes, as its authors'
 * simulator has them: small 10%, ghost as much as main.
 */
import type { Contender, Piece } from '../contender.ts';
import { queue } from '../queue.ts';

const smallShare = 0.1;
/** Used this often in the small queue: on to the main one. */
const promoteAt = 2;
const mostUses = 3;
const inSmall = 1;
const inMain = 2;

export function s3fifo(limitBytes: number): Contender {
  const small = queue();
  const main = queue();
  const ghosts = ghostQueue(limitBytes * (1 - smallShare));

  function fromSmall(): Piece | null {
    for (let piece = small.oldest; piece; piece = small.oldest) {
      small.remove(piece);
      if (piece.uses < promoteAt) {
        ghosts.remember(piece);
        return piece;
      }
      piece.uses = 0;
      piece.place = inMain;
      main.push(piece);
    }
    return null;
  }

  function fromMain(): Piece | null {
    for (let piece = main.oldest; piece; piece = main.oldest) {
      main.remove(piece);
      if (piece.uses === 0) return piece;
      piece.uses = Math.min(piece.uses, mostUses) - 1;
      main.push(piece);
    }
    return null;
  }

  return {
    get ownBytes() {
      return ghosts.names * 16;
    },
    add(piece) {
      piece.place = ghosts.recall(piece.object) ? inMain : inSmall;
      (piece.place === inMain ? main : small).push(piece);
    },
    remove(piece) {
      (piece.place === inMain ? main : small).remove(piece);
    },
    evict() {
      const fromSmallFirst = small.bytes > limitBytes * smallShare || main.bytes === 0;
      return (fromSmallFirst ? fromSmall() : null) ?? fromMain() ?? fromSmall();
    },
  };
}

/** Names in the order in which they left, as long as their bytes together stay below the limit. */
function ghostQueue(limitBytes: number) {
  const bytesOf = new Map<number, number>();
  let queued: Piece[] = [];
  let gone = 0;
  let bytes = 0;

  function forget(object: number): boolean {
    bytes -= bytesOf.get(object) ?? 0;
    return bytesOf.delete(object);
  }

  return {
    get names() {
      return bytesOf.size;
    },
    recall: forget,
    remember(piece: Piece) {
      forget(piece.object);
      bytesOf.set(piece.object, piece.costBytes);
      bytes += piece.costBytes;
      queued.push(piece);
      for (; bytes > limitBytes && gone < queued.length; gone++) forget(queued[gone]?.object ?? 0);
      if (gone < 100_000) return;
      queued = queued.slice(gone);
      gone = 0;
    },
  };
}
