/**
 * Keeps what SQLite writes ahead short. By itself it would do so in the midst of a publication, which would wait for the disk, and
 * with it all that the process serves. So a thread does it, which lives for as long as that takes. Should none be had, SQLite does it
 * after all, a good deal later (`inlinePages`).
 */
import { randomInt } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Clock } from '../../clock.ts';

/** Of what is written ahead. Beyond it, a thread is started. */
const aheadBytes = 2 * 2 ** 20;
/** Beyond it, whoever publishes does it himself. Pages have 4 KiB. */
export const inlinePages = 16_384;

/** Every process that has the file open looks; one of them is the first, and the others find that it is done. */
const spreadMs = 3000;

export interface Checkpoint {
  /** Looks whether it is time. Never fails. */
  look(): Promise<void>;
  close(): void;
}

/** @param path of the database. */
export function checkpoint(path: string, clock: Clock, failed: (error: unknown) => void): Checkpoint {
  let isRunning = false;
  let cancel = () => {};
  const isLong = async () => (await sizeOf(`${path}-wal`)) > aheadBytes;

  async function runIfLong(): Promise<void> {
    try {
      if (await isLong()) await run();
    } catch (error) {
      failed(error);
    } finally {
      isRunning = false;
    }
  }

  function run(): Promise<void> {
    return new Promise((resolve, reject) => {
      const thread = new Worker(new URL('./checkpoint.worker.ts', import.meta.url));
      thread.unref();
      const end = (failure: unknown) => {
        thread.terminate();
        if (failure === null) resolve();
        else reject(new Error(`the log of the bus stays long: ${String(failure)}`));
      };
      thread.addEventListener('message', ({ data }: MessageEvent<string | null>) => end(data));
      thread.addEventListener('error', ({ message }) => end(message));
      thread.postMessage(path);
    });
  }

  return {
    async look() {
      if (isRunning || !(await isLong())) return;
      isRunning = true;
      cancel = clock.after(randomInt(spreadMs), () => void runIfLong());
    },
    close: () => cancel(),
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0; // Nothing was written ahead.
  }
}
