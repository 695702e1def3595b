/**
 * A body on its way through one of the runtime's compressors or decompressors, which work on threads of their own: the event loop only
 * hands pieces over, one at a time, and no faster than the result is read.
 */
import type { Transform } from 'node:stream';

/** Handed over at a time, so that what comes in one piece does not wait in memory as another copy of it. */
const pieceBytes = 64 * 1024;

/** What happens beside the bytes. Whatever one of these throws fails the body. */
export interface Passage {
  /** Bytes of the source, before they are handed over. */
  readonly heard?: (bytes: Uint8Array) => void;
  /** Bytes of the result, before they are given out. */
  readonly made?: (bytes: Uint8Array) => void;
  /** The source is at its end, and all of the result has been made. */
  readonly whole?: () => void;
  /** Begins to wait for more of the source, some of which has been handed over. Returns what ends the waiting. */
  readonly paused?: () => () => void;
  /** What the body fails with, because of what the source, one of these, or the `work` itself has failed with; without it, that. */
  readonly failure?: (error: unknown, of: 'source' | 'work') => unknown;
  /** Aborted when nobody wants it any more: a body that nobody has begun to read is not cancelled, either. */
  readonly gone?: AbortSignal | undefined;
  /** So much of the result is made before anybody reads it; without it, nothing. */
  readonly aheadBytes?: number;
  /** Called once: no more work is done for this body. */
  readonly ended?: () => void;
}

export function through(
  body: ReadableStream<Uint8Array>,
  transform: Transform,
  passage: Passage,
): ReadableStream<Uint8Array> {
  const source = body.getReader();
  let isOver = false;
  /** Called when the transform has done with a piece, or nothing is to be done any more. */
  let go = () => {};

  function finish(): boolean {
    if (isOver) return false;
    isOver = true;
    transform.destroy();
    go();
    passage.gone?.removeEventListener('abort', leave);
    passage.ended?.();
    return true;
  }

  function leave(): void {
    // It ends, or has failed by itself: there is nobody to be told.
    if (finish()) source.cancel(passage.gone?.reason).catch(() => undefined);
  }

  /** Until then, the piece is in use: it may be the source's own memory, and good only until more is asked for. */
  function write(piece: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      go = resolve;
      transform.write(piece, () => resolve());
    });
  }

  async function next(isDirty: boolean): Promise<Uint8Array | null> {
    const goOn = isDirty ? passage.paused?.() : undefined;
    try {
      const { done, value } = await source.read();
      return done ? null : value;
    } finally {
      goOn?.();
    }
  }

  async function feed(): Promise<void> {
    for (let isDirty = false; !isOver; isDirty = true) {
      const bytes = await next(isDirty);
      if (bytes === null) break;
      passage.heard?.(bytes);
      for (let at = 0; at < bytes.length && !isOver; at += pieceBytes) {
        await write(bytes.subarray(at, at + pieceBytes));
      }
    }
    if (!isOver) transform.end();
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const fail = (error: unknown, of: 'source' | 'work' = 'source') => {
          if (!finish()) return;
          controller.error(passage.failure ? passage.failure(error, of) : error);
          // It has failed itself, or nobody wants the rest of it.
          source.cancel(error).catch(() => undefined);
        };
        const attempt = (step: () => void) => {
          if (isOver) return;
          try {
            step();
          } catch (error) {
            fail(error);
          }
        };
        transform.on('data', (bytes: Uint8Array) =>
          attempt(() => {
            passage.made?.(bytes);
            controller.enqueue(bytes);
            if ((controller.desiredSize ?? 0) <= 0) transform.pause();
          }),
        );
        transform.on('end', () =>
          attempt(() => {
            passage.whole?.();
            if (finish()) controller.close();
          }),
        );
        transform.on('error', (error) => fail(error, 'work'));
        transform.pause();
        if (passage.gone?.aborted) return leave();
        passage.gone?.addEventListener('abort', leave, { once: true });
        feed().catch((error) => fail(error));
      },
      pull() {
        transform.resume();
      },
      async cancel(reason) {
        finish();
        await source.cancel(reason);
      },
    },
    { highWaterMark: passage.aheadBytes ?? 0, size: (bytes?: Uint8Array) => bytes?.length ?? 0 },
  );
}
