/** Bytes on their way, counted as they come, for whoever watches; they end when the work is stopped. */
import type { Job } from '../../../../protocol.ts';

export function streamed(
  content: ReadableStream<Uint8Array>,
  { count, signal }: Pick<Job, 'count' | 'signal'>,
): ReadableStream<Uint8Array> {
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      signal.throwIfAborted();
      count('bytes', chunk.byteLength);
      controller.enqueue(chunk);
    },
  });
  return content.pipeThrough(counting);
}
