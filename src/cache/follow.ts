/**
 * A reader of a body while it arrives.
 */
import { MeridianError } from '../errors.ts';
import { countSent } from './litter.ts';
import type { Spool } from './spool.ts';

/** See `Fill.follow`. */
export function follow(
  spool: Spool,
  from: number,
  to: number | null,
  gone: AbortSignal,
): ReadableStream<Uint8Array> {
  const cursor = spool.attach(from);
  let left = false;
  // A response whose client left before it began is never read, hence never cancelled.
  gone.addEventListener('abort', leave, { once: true });
  if (gone.aborted) leave();

  function leave(): void {
    if (left) return;
    left = true;
    gone.removeEventListener('abort', leave);
    spool.detach(cursor);
  }

  const isComplete = () => cursor.offset === to || (spool.state === 'whole' && cursor.offset >= spool.length);

  /** Sends what there is until there is no more. A piece is the spool's own, so it is done with before the next. */
  async function send(controller: ReadableStreamDirectController): Promise<void> {
    while (!left && cursor.offset !== to) {
      const read = spool.read(cursor);
      const piece = read instanceof Promise ? await read : read;
      if (left || !piece) break;
      const rest = to === null ? piece.length : Math.min(piece.length, to - cursor.offset);
      controller.write(rest === piece.length ? piece : piece.subarray(0, rest));
      await controller.flush(true);
      spool.advance(cursor, rest);
      countSent(rest);
    }
  }

  async function pull(controller: ReadableStreamDirectController): Promise<void> {
    try {
      await send(controller);
    } catch {
      // The file cannot be read; the spool has told the disk about it.
    }
    leave();
    // biome-ignore lint/style/useThrowOnlyError: without a reason the connection is reset and nothing printed, and the fill has reported it.
    if (!isComplete()) throw undefined;
    controller.close();
  }

  return new ReadableStream<Uint8Array>({ type: 'direct', pull, cancel: leave });
}

/** See `Fill.pieces`. The reader has its place from now on, whenever it begins to read. */
export function pieces(
  spool: Spool,
  from: number,
  to: number | null,
  gone: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const cursor = spool.attach(from);
  const leave = () => spool.detach(cursor);
  gone.addEventListener('abort', leave, { once: true });
  if (gone.aborted) leave();

  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      while (!gone.aborted && cursor.offset !== to) {
        const piece = await spool.read(cursor);
        if (!piece) break;
        const rest = to === null ? piece.length : Math.min(piece.length, to - cursor.offset);
        yield piece.subarray(0, rest);
        spool.advance(cursor, rest);
        countSent(rest);
      }
      const isComplete = cursor.offset === to || (spool.state === 'whole' && cursor.offset >= spool.length);
      if (!isComplete) throw spool.error ?? new MeridianError('internal', 'a reader left before the end');
    } finally {
      gone.removeEventListener('abort', leave);
      leave();
    }
  }

  return all();
}
