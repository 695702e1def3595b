/**
 * Pieces of a body as one: a copy of the plain kind, whatever they are (a Buffer's `slice`, say, is no copy), which
 * does not keep the memory that they were received in.
 */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const piece of pieces) size += piece.length;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
