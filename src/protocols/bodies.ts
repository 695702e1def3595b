/** Bodies of answers, read and let go of. */
import type { Answer } from '../entry.ts';

/** Leaving the loop early cancels a stream. */
export async function* chunksOf(body: Answer['body']): AsyncGenerator<Uint8Array, void, undefined> {
  if (body === null) return;
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}

/** Lets go of a body that nobody reads, so that its connection is free again. */
export async function discard(answer: Answer): Promise<void> {
  if (!(answer.body instanceof ReadableStream)) return;
  await answer.body.cancel().catch(() => {}); // It broke already: nothing is left to let go of.
}
