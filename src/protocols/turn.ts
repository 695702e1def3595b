/**
 * Large documents are worked on in pieces, with a turn for everybody else after each: what is in memory
 * comes without a pause of its own, and would hold up every other request.
 */

/** A fraction of a millisecond's worth of copying, or a millisecond's of compressing. */
export const PIECE_BYTES = 64 * 1024;

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A copy in buffers of its own, which can be transferred to a worker. */
export async function copyInPieces(bytes: Uint8Array, pieceBytes = 16 * PIECE_BYTES): Promise<ArrayBuffer[]> {
  const pieces: ArrayBuffer[] = [];
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
    if (at > 0) await turn();
    pieces.push(new Uint8Array(bytes.subarray(at, at + pieceBytes)).buffer);
  }
  return pieces;
}
