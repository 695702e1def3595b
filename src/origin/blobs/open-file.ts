/**
 * A file that is open for reading, on a plain descriptor: a reader that is forgotten rather than cancelled then costs a
 * descriptor, where the runtime takes a forgotten `FileHandle` for a fatal error.
 *
 * The system gives the number of a closed descriptor to the next file that is opened. So it is closed once, and only when
 * nothing is under way on it.
 */
import * as fs from 'node:fs';
import { fileFailure } from '../file.ts';

/** Bytes per read. */
const readBytes = 256 * 1024;

export interface OpenFile {
  readonly sizeBytes: number;
  /** The bytes from `from` to before `end`, read as they are asked for. Closes the file when it ends, fails or is cancelled. */
  stream(from: number, end: number): ReadableStream<Uint8Array>;
  close(): Promise<void>;
}

export async function openFile(path: string): Promise<OpenFile> {
  const descriptor = await asked<number>((done) => fs.open(path, 'r', done));
  let reading: Promise<number> | null = null;
  let closing: Promise<void> | null = null;

  async function closeWhenIdle(): Promise<void> {
    await reading?.catch(() => {}); // Whoever reads is told.
    await asked<void>((done) => fs.close(descriptor, done));
  }

  function close(): Promise<void> {
    closing ??= closeWhenIdle();
    return closing;
  }

  async function read(into: Uint8Array, at: number): Promise<number> {
    if (closing !== null) return 0;
    reading = asked<number>((done) => fs.read(descriptor, into, 0, into.length, at, done));
    try {
      return await reading;
    } finally {
      reading = null;
    }
  }

  function stream(from: number, end: number): ReadableStream<Uint8Array> {
    let at = from;
    return new ReadableStream(
      {
        async pull(controller) {
          try {
            const chunk = new Uint8Array(Math.min(readBytes, end - at));
            const bytes = await read(chunk, at);
            at += bytes;
            if (closing !== null) return;
            if (bytes > 0) controller.enqueue(chunk.subarray(0, bytes));
            if (bytes > 0 && at < end) return;
            await close();
            controller.close();
          } catch (error) {
            await close();
            throw fileFailure(error);
          }
        },
        cancel: close,
      },
      { highWaterMark: 0 },
    );
  }

  try {
    const { size } = await asked<fs.Stats>((done) => fs.fstat(descriptor, done));
    return { sizeBytes: size, stream, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Done<T> = (error: Error | null | undefined, result?: T) => void;

/** A callback of the file system as a promise of its first result. */
function asked<T>(call: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, result) => (error ? reject(error) : resolve(result as T)));
  });
}
