/**
 * An answer's body between the connection and its reader: handed on as it is asked for. What the reader does not take
 * waits, up to a bound; beyond that, the connection is not read from.
 */
import { noteReceived } from '../received.ts';
import type { Call } from './call.ts';

/** What waits is less than this and the largest piece that a socket hands over (512 KiB). */
const aheadBytes = 256 * 1024;

export interface Flow {
  pause(): void;
  resume(): void;
  /** The reader wants nothing more. */
  cancelled(): void;
}

export interface Download {
  readonly stream: ReadableStream<Uint8Array>;
  push(bytes: Buffer): void;
  end(): void;
  fail(reason: unknown): void;
}

export function download(flow: Flow, { late }: Call, betweenBytesMs: number): Download {
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  /** The reader waits for the next piece. */
  let wanted = false;
  let ended = false;
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;

  const stream = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
      },
      pull(given) {
        const piece = waiting.shift();
        if (piece === undefined) {
          wanted = true;
          late.wait(betweenBytesMs);
          return;
        }
        waitingBytes -= piece.length;
        given.enqueue(piece);
        if (waiting.length > 0) return;
        if (ended) close();
        else flow.resume();
      },
      cancel() {
        controller = null;
        waiting.length = 0;
        if (!ended) flow.cancelled();
      },
    },
    { highWaterMark: 0 },
  );

  function close(): void {
    controller?.close();
    controller = null;
  }

  return {
    stream,
    push(bytes) {
      // Readers expect the plain kind: a Buffer's `slice`, say, is no copy.
      const piece = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      noteReceived(piece);
      if (wanted) {
        wanted = false;
        late.rest();
        controller?.enqueue(piece);
        return;
      }
      waiting.push(piece);
      waitingBytes += piece.length;
      if (waitingBytes >= aheadBytes) flow.pause();
    },
    end() {
      ended = true;
      if (waiting.length === 0) close();
    },
    /** At once: what waits was on its way to a reader who may not have it whole. */
    fail(reason) {
      waiting.length = 0;
      controller?.error(reason);
      controller = null;
    },
  };
}
