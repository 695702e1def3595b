/**
 * Memory that a connection has handed over, given back as soon as nobody needs it. The collector would find it as well,
 * but late: meanwhile a long body would be read into ever new memory, each page of which the system has to
 * provide and clear, which takes longer than it does to copy the bytes.
 *
 * Who gives memory back vouches for nobody else having bytes of it: they are gone. Memory of any other origin is left alone.
 */

/** What is shorter is left to the collector: it is little, and others may well have parts of it. */
const smallestBytes = 128 * 1024;

const given = new WeakSet<ArrayBufferLike>();

/** Notes that these bytes are memory of their own, of which only the reader of one body gets pieces, in their order. */
export function noteReceived({ buffer }: Uint8Array): void {
  if (buffer.byteLength >= smallestBytes) given.add(buffer);
}

/** Frees it, if it was noted and has not been kept. */
export function giveBack(buffer: ArrayBufferLike): void {
  if (given.delete(buffer) && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** Somebody may need it for longer than can be told: it is left to the collector. */
export function keepReceived(buffer: ArrayBufferLike): void {
  given.delete(buffer);
}
