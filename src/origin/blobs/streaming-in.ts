/**
 * Writes a stream into a file while more of it comes: the system's threads write one batch, and the next one is read and hashed
 * meanwhile. Long streams are flushed as they go, so that the end need not wait until a slow disk has caught up.
 */
import type { FileHandle } from 'node:fs/promises';
import { MeridianError } from '../../errors.ts';
import { append } from '../file.ts';

/** What is held while the batch before it is written. */
const batchBytes = 2 ** 20;
/** Of one batch: the system takes up to 1,024 at once. */
const batchChunks = 256;
/** So much is written before it is flushed in the background; twice as much waits for that. */
const flushBytes = 64 * 2 ** 20;

export interface Streaming {
  /** Told of each chunk before it is written; what it throws ends the stream. */
  readonly heard: (chunk: Uint8Array) => void;
  /** Asked every now and then: what it throws ends the stream, too. */
  readonly room: () => Promise<void>;
}

/**
 * Writes the chunks from `from` on, and flushes them. When the source fails, what came before is written and flushed, too.
 *
 * @returns the place behind the last byte.
 * @throws whatever the source or the file system does.
 */
export async function streamIn(
  file: FileHandle,
  from: number,
  chunks: AsyncIterable<Uint8Array>,
  { heard, room }: Streaming,
): Promise<number> {
  const tail = openTail(file, from, room);
  try {
    for await (const chunk of chunks) {
      heard(chunk);
      await tail.take(chunk);
    }
  } finally {
    await tail.end();
  }
  return tail.end();
}

function openTail(file: FileHandle, from: number, room: Streaming['room']) {
  let at = from;
  let batch: Uint8Array[] = [];
  let held = 0;
  let writing: Promise<void> | null = null;
  let flushing: Promise<void> | null = null;
  let flushedTo = from;
  /** The first one; nothing is written after it. */
  let failure: { readonly thrown: unknown } | null = null;

  /** Never fails: `failure` is looked at before anything else is done. */
  async function noted(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      failure ??= { thrown };
    }
  }

  function write(): void {
    const [chunks, bytes] = [batch, held];
    batch = [];
    held = 0;
    writing = noted(appendAll(file, chunks, bytes, at)).then(() => {
      writing = null;
    });
    at += bytes;
  }

  function flush(): void {
    const to = at;
    flushing = noted(Promise.all([file.datasync(), room()])).then(() => {
      flushedTo = to;
      flushing = null;
    });
  }

  return {
    /** Resolves when there is room for the next one. */
    async take(chunk: Uint8Array): Promise<void> {
      batch.push(chunk);
      held += chunk.length;
      if (writing !== null && held < batchBytes && batch.length < batchChunks) return;
      if (writing !== null) await writing;
      if (at - flushedTo >= 2 * flushBytes && flushing !== null) await flushing;
      if (failure !== null) throw failure.thrown;
      write();
      if (at - flushedTo >= flushBytes && flushing === null) flush();
    },

    async end(): Promise<number> {
      await writing;
      if (failure === null && held > 0) {
        write();
        await writing;
      }
      await flushing;
      if (failure === null && flushedTo < at) await noted(file.datasync());
      flushedTo = at;
      if (failure !== null) throw failure.thrown;
      return at;
    },
  };
}

async function appendAll(
  file: FileHandle,
  chunks: readonly Uint8Array[],
  bytes: number,
  at: number,
): Promise<void> {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return append(file, first, at);
  const { bytesWritten } = await file.writev([...chunks], at);
  if (bytesWritten === bytes) return;
  if (bytesWritten === 0) throw new MeridianError('store-full', 'the system takes no more bytes');
  let start = 0;
  for (const chunk of chunks) {
    const rest = chunk.subarray(Math.max(0, Math.min(chunk.length, bytesWritten - start)));
    if (rest.length > 0) await append(file, rest, at + start + chunk.length - rest.length);
    start += chunk.length;
  }
}
