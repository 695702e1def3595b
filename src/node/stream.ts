/**
 * A sequence of pieces as the body of a response, which is read no faster than its client takes it.
 */

/**
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
