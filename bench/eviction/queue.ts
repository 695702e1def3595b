/** Pieces in order, oldest first, with their bytes: what most policies are made of. */
import type { Piece } from './contender.ts';

export interface Queue {
  readonly bytes: number;
  readonly oldest: Piece | null;
  push(piece: Piece): void;
  remove(piece: Piece): void;
}

export function queue(): Queue {
  let newest: Piece | null = null;
  const self = {
    bytes: 0,
    oldest: null as Piece | null,
    push(piece: Piece) {
      piece.newer = null;
      piece.older = newest;
      if (newest) newest.newer = piece;
      else self.oldest = piece;
      newest = piece;
      self.bytes += piece.costBytes;
    },
    remove(piece: Piece) {
      if (piece.older) piece.older.newer = piece.newer;
      else self.oldest = piece.newer;
      if (piece.newer) piece.newer.older = piece.older;
      else newest = piece.older;
      piece.older = null;
      piece.newer = null;
      self.bytes -= piece.costBytes;
    },
  };
  return self;
}
