/**
 * Reading from a socket by what is expected next: a line, a head, so many bytes, the rest. What the product
 * leaves to its runtime, tests do by hand, because they have to see exactly what is on the wire.
 */
import type { Socket } from 'node:net';

export interface SocketReader {
  /** Everything up to and including `mark`, as Latin-1; `null` when the peer ends first. */
  through(mark: string): Promise<string | null>;
  /** So many bytes, or fewer when the peer ends first. */
  take(count: number): Promise<Buffer>;
  /** Everything until the peer ends. */
  rest(): Promise<Buffer>;
  /** How the connection ended, or `null` while it is open. */
  readonly ended: 'end' | 'reset' | null;
}

export function readSocket(socket: Socket): SocketReader {
  let held: Buffer = Buffer.alloc(0);
  let ended: 'end' | 'reset' | null = null;
  let news = Promise.withResolvers<void>();

  const tell = () => {
    news.resolve();
    news = Promise.withResolvers<void>();
  };
  const end = (how: 'end' | 'reset') => {
    ended ??= how;
    tell();
  };
  socket.on('data', (bytes: Buffer) => {
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    tell();
  });
  socket.once('end', () => end('end'));
  socket.once('error', () => end('reset'));
  socket.once('close', () => end('end'));

  function cut(count: number): Buffer {
    const bytes = held.subarray(0, count);
    held = held.subarray(count);
    return bytes;
  }

  return {
    get ended() {
      return ended;
    },
    async through(mark) {
      for (;;) {
        const at = held.indexOf(mark, 0, 'latin1');
        if (at !== -1) return cut(at + mark.length).toString('latin1');
        if (ended) return null;
        await news.promise;
      }
    },
    async take(count) {
      while (held.length < count && !ended) await news.promise;
      return cut(Math.min(count, held.length));
    },
    async rest() {
      while (!ended) await news.promise;
      return cut(held.length);
    },
  };
}
