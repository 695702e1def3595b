/**
 * Small bodies that are still arriving are sent whole. The runtime frames every stream as chunked, whatever its
 * length, and many clients want a `Content-Length`; one that is whole has it, and costs less to send.
 *
 * One that does not come promptly is streamed as it comes: nobody waits for a slow drip longer than `patienceMs`. Longer documents, of
 * which a client has no use before it has all (`Resource.isDocument`), are waited for.
 */
import type { Clock } from '../clock.ts';
import { peek } from '../http/peek.ts';

/** Longer bodies are streamed. */
const smallBytes = 64 * 1024;
/** The same for what another member of the ring hands over: mostly it has all of it, and a stream costs more than a copy. */
export const handedOverBytes = 256 * 1024;
/** From the head of an answer until its small body has to be there. */
const patienceMs = 50;

/** A longer document is streamed like anything else. */
const documentBytes = 16 * 1024 * 1024;
/** From the head of an answer until all of a document has to be there. */
const documentPatienceMs = 5000;
/** What is gathered of documents at a time, all together. Those beyond it are streamed. */
const roomBytes = 64 * 1024 * 1024;

let gatheringBytes = 0;

/** The same for a document. Rejects as the body does. */
export async function wholeIfDocument(
  body: ReadableStream<Uint8Array>,
  announcedBytes: number | null,
  clock: Clock,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  const isTooLong = announcedBytes === null || announcedBytes > documentBytes;
  if (isTooLong || gatheringBytes + announcedBytes > roomBytes) return body;
  gatheringBytes += announcedBytes;
  try {
    const seen = await peek(body, announcedBytes + 1, documentPatienceMs, clock);
    return seen.as === 'short' ? seen.bytes : seen.body;
  } finally {
    gatheringBytes -= announcedBytes;
  }
}

/** @param announcedBytes `null` when nothing tells how long the body is. Rejects as the body does. */
export async function wholeIfSmall(
  body: ReadableStream<Uint8Array>,
  announcedBytes: number | null,
  clock: Clock,
  atMostBytes = smallBytes,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  if (announcedBytes === null || announcedBytes > atMostBytes) return body;
  // One more than it may have: so a body that is as long as announced is seen to its end.
  const seen = await peek(body, announcedBytes + 1, patienceMs, clock);
  return seen.as === 'short' ? seen.bytes : seen.body;
}
