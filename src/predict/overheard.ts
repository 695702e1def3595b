/** Bodies that are looked at as they pass, within a bound of memory: where there is no room, they only pass. */
import type { ReadableStreamDefaultReader } from 'node:stream/web';

export interface Overheard {
  /** @param whole is given all of it, unless it is longer than `maxBytes`. Until what it returns resolves, it counts. */
  tap(
    body: ReadableStream<Uint8Array>,
    maxBytes: number,
    whole: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>,
  ): ReadableStream<Uint8Array>;
}

/** @param most that are looked at, at once. */
export function openOverheard(most: number): Overheard {
  let underWay = 0;

  function opened(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    maxBytes: number,
    whole: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>,
  ) {
    let pieces: Uint8Array[] | null = [];
    let bytes = 0;

    function stop(): void {
      if (pieces === null) return;
      pieces = null;
      underWay--;
    }

    function note(piece: Uint8Array): void {
      bytes += piece.byteLength;
      if (bytes > maxBytes) stop();
      pieces?.push(piece.slice());
    }

    return {
      async pull(controller: ReadableStreamDefaultController<Uint8Array>) {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            note(value);
            controller.enqueue(value);
            return;
          }
          controller.close();
          if (pieces !== null) void whole(Buffer.concat(pieces, bytes)).finally(stop);
        } catch (error) {
          stop();
          throw error;
        }
      },
      cancel(reason: unknown) {
        stop();
        return reader.cancel(reason);
      },
    };
  }

  return {
    tap(body, maxBytes, whole) {
      if (underWay >= most) return body;
      underWay++;
      return new ReadableStream(opened(body.getReader(), maxBytes, whole), { highWaterMark: 0 });
    },
  };
}
