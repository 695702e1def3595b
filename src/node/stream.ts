/**
 * Bodies that are handed to the runtime as streams of the direct kind.
 */

import { joined } from '../http/joined.ts';

/** Shorter bodies the runtime writes in one go with their heads. */
const shortBytes = 14 * 1024;

/**
 * All of a body, for a response that was not known at once. Given as bytes, a body of 15 KiB or more, and each word of its head, would be
 * written by themselves: some 50 writes, which cost as much as copying a megabyte. A stream that ends before its high-water mark is
 * written in one go, with a `Content-Length`.
 */
export function wholeBody(
  pieces: readonly Uint8Array[],
  sizeBytes: number,
): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  if (sizeBytes <= shortBytes) return joined(pieces);
  return new ReadableStream<Uint8Array>(
    {
      type: 'direct',
      pull(controller: ReadableStreamDirectController) {
        for (const piece of pieces) controller.write(piece);
        controller.close();
      },
    },
    { highWaterMark: sizeBytes + 1 },
  );
}

/**
 * A sequence of pieces, which is read no faster than its client takes it.
 *
 * @param pieces each good until the next one is asked for. One that fails resets the connection: a body that is cut off
 *   must not look like a whole one.
 * @param gone aborted when the client has left.
 */
export function streamOfPieces(
  pieces: AsyncGenerator<Uint8Array>,
  gone: AbortSignal,
): ReadableStream<Uint8Array> {
  let left = false;

  async function pull(controller: ReadableStreamDirectController): Promise<void> {
    let isComplete = false;
    try {
      for await (const piece of pieces) {
        if (left || gone.aborted) return;
        controller.write(piece);
        await controller.flush(true);
      }
      isComplete = true;
    } catch {
      // Whoever could not get the bytes has told about it.
    }
    // biome-ignore lint/style/useThrowOnlyError: without a reason the connection is reset and nothing printed.
    if (!isComplete) throw undefined;
    controller.close();
  }

  function cancel(): void {
    left = true;
  }

  return new ReadableStream<Uint8Array>({ type: 'direct', pull, cancel });
}
