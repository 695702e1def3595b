/**
 * Sending bodies in small pieces leaves small objects behind, more and sooner than the collector's own estimate
 * expects: a thousand readers of one body would let the heap grow by hundreds of megabytes before it starts.
 * So a collection is asked for once so much has been sent, which costs some ten milliseconds each time.
 */

/** Bytes sent piece by piece between two collections: ten megabytes of litter or two. */
const bytesPerCollection = 1024 * 1024 * 1024;

let sinceCollection = 0;

/** Counts bytes that were sent piece by piece. */
export function countSent(bytes: number): void {
  sinceCollection += bytes;
  if (sinceCollection < bytesPerCollection) return;
  sinceCollection = 0;
  Bun.gc(true);
}
