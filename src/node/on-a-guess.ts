/** An answer that comes on a guess: no longer than it may be, and no faster than clients let it, who wait for something else. */
import { discard } from '../cache/answer.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import type { Progress } from '../predict/surroundings.ts';

export interface Guess extends Progress {
  /** A longer one is given up, unless a client has come for it. */
  readonly mostBytes: number;
  /** No client has come for it so far. */
  isAwaited(): boolean;
  /** Whether more of it may come now; `null`: yes. Resolves when one may look again. */
  turn(): Promise<void> | null;
}

/** Longer bodies make room for what clients wait for. */
const longBytes = 512 * 1024;

/** Fails with `overloaded`, which says nothing of the parent: a client who has come just now asks again. */
export function onAGuess(
  answer: Answer,
  { mostBytes, isAwaited, turn, announced: announce, arrived }: Guess,
): Answer {
  const { body, headers } = answer;
  if (!(body instanceof ReadableStream)) return answer;
  const announced = headers.get('content-length');
  const bytes = announced === null ? Number.POSITIVE_INFINITY : Number(announced);
  if (announced !== null && bytes > mostBytes && isAwaited()) {
    discard(answer);
    throw tooLong();
  }
  if (announced !== null) announce(bytes);
  if (bytes < longBytes) return answer;
  let came = 0;
  const through = new TransformStream<Uint8Array, Uint8Array>({
    async transform(piece, controller) {
      came += piece.byteLength;
      arrived(piece.byteLength);
      if (came > mostBytes && isAwaited()) throw tooLong();
      controller.enqueue(piece);
      await turn();
    },
  });
  return { ...answer, body: body.pipeThrough(through) };
}

const tooLong = () => new MeridianError('overloaded', 'it is longer than what is fetched on a guess');
