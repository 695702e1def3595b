/**
 * A reader of a body while it arrives.
 */
import { MeridianError } from '../errors.ts';
import { countSent } from './litter.ts';
import type { Spool } from './spool.ts';
import { pieceBytes } from './window.ts';

/**
 * Bytes on their way into slow connections, of all readers together, beyond which each gets them in small pieces:
 * what a connection does not take at once is held in memory until it does, and a thousand hold a thousand times
 * as much. Large pieces take a third less of the processor's time, here and at the client.
 */
const unsentLimitBytes = 64 * 1024 * 1024;
const smallPieceBytes = 16 * 1024;
/** What a reader among many gets at once, who would else wait for the others' large pieces. */
const fairPieceBytes = 64 * 1024;
const fewReaders = 8;
/** What is shorter waits for more, when there is more. */
const togetherBytes = 16 * 1024;

let unsentBytes = 0;

/** See `Fill.follow`. */
export function follow(
  spool: Spool,
  from: number,
  to: number | null,
  gone: AbortSignal,
): ReadableStream<Uint8Array> {
  const cursor = spool.attach(from);
  let left = false;
  let unsent = 0;
  // A response whose client left before it began is never read, hence never cancelled.
  gone.addEventListener('abort', leave, { once: true });
  if (gone.aborted) leave();

  function leave(): void {
    if (left) return;
    left = true;
    noteUnsent(0);
    gone.removeEventListener('abort', leave);
    spool.detach(cursor);
  }

  function noteUnsent(bytes: number): void {
    unsentBytes += bytes - unsent;
    unsent = bytes;
  }

  /** How much of a piece to send at once. */
  function shareOf(pieceLength: number): number {
    const bytes = Math.min(pieceLength, fairBytes());
    return to === null ? bytes : Math.min(bytes, to - cursor.offset);
  }

  function fairBytes(): number {
    if (unsentBytes > unsentLimitBytes) return smallPieceBytes;
    return spool.readers > fewReaders ? fairPieceBytes : pieceBytes;
  }

  const isComplete = () => cursor.offset === to || (spool.state === 'whole' && cursor.offset >= spool.length);

  /** Sends what there is until there is no more. A piece is the spool's own, and has been copied or sent when `write` returns. */
  async function send(controller: ReadableStreamDirectController): Promise<void> {
    while (!left && cursor.offset !== to) {
      const read = spool.read(cursor);
      const piece = read instanceof Promise ? await read : read;
      if (left || !piece) break;
      const share = shareOf(piece.length);
      noteUnsent(unsent + share);
      controller.write(share === piece.length ? piece : piece.subarray(0, share));
      spool.advance(cursor, share);
      countSent(share);
      // A short piece, between two long ones, goes along with the next.
      if (unsent < togetherBytes && spool.length > cursor.offset && cursor.offset !== to) continue;
      await controller.flush(true);
      noteUnsent(0);
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
