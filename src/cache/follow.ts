/**
 * A reader of a body while it arrives.
 */
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

  /** The next bytes; `null` when there are none any more. */
  async function next(): Promise<Uint8Array | null> {
    if (left || cursor.offset === to) return null;
    const piece = await spool.read(cursor);
    if (left || !piece) return null;
    const rest = to === null ? piece.length : Math.min(piece.length, to - cursor.offset);
    spool.advance(cursor, rest);
    return rest === piece.length ? piece : piece.subarray(0, rest);
  }

  const isComplete = () => cursor.offset === to || (spool.state === 'whole' && cursor.offset >= spool.length);

  async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const piece = await next().catch(() => null); // the spool has told the disk about it
    if (piece) controller.enqueue(piece);
    if (piece && cursor.offset !== to) return;
    leave();
    // An error without a reason resets the connection and prints nothing; the fill has reported it.
    if (isComplete()) controller.close();
    else controller.error();
  }

  return new ReadableStream<Uint8Array>({ pull, cancel: leave }, { highWaterMark: 0 });
}
