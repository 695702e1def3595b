/**
 * The body of a parent's answer: how long it says it is, how to read it, how to be rid of it.
 */
import type { Answer } from '../entry.ts';

/** In bytes; `null` when nothing tells before the end. */
export function announcedBytes({ headers, body }: Answer): number | null {
  if (body instanceof Uint8Array) return body.length;
  const value = headers.get('content-length');
  return value !== null && /^\d+$/.test(value) ? Number(value) : null;
}

export function streamOf({ body }: Pick<Answer, 'body'>): ReadableStream<Uint8Array> {
  if (body instanceof ReadableStream) return body;
  return new ReadableStream({
    start(controller) {
      if (body && body.length > 0) controller.enqueue(body);
      controller.close();
    },
  });
}

export function discard({ body }: Answer): void {
  if (body instanceof ReadableStream) {
    // Whether the parent minds that nobody wants the rest does not matter any more.
    body.cancel().catch(() => undefined);
  }
}
