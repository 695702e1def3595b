/**
 * Standard output as a place for log lines. Writes happen off the main thread, so that a reader that stands
 * still stops the log and not the node.
 */
import { write } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { LineSink } from './line-buffer.ts';

/** How long to wait for a pipe that takes nothing at the moment. */
const retryMs = 10;

export function stdoutSink(clock: Clock, fd = 1): LineSink {
  return {
    async append(bytes) {
      for (let from = 0; from < bytes.length; ) {
        const written = await writeSome(fd, bytes.subarray(from));
        if (written === 0) await new Promise<void>((resolve) => void clock.after(retryMs, resolve));
        from += written;
      }
    },
    reopen: () => undefined,
    close: async () => undefined,
  };
}

/** Bytes written; 0 when the pipe is full and does not block. */
function writeSome(fd: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error === null) resolve(written);
      else if (error.code === 'EAGAIN') resolve(0);
      else reject(error);
    });
  });
}
