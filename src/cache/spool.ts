/**
 * A body while it arrives: written at one end, read at any number of places. Small ones stay in memory;
 * what grows beyond that goes to a file, and memory keeps only the newest stretch of it, where readers who
 * keep up find their bytes. Readers who do not are served from the file and hold up nobody.
 */
import { MeridianError } from '../errors.ts';
import type { ObjectWriter } from './disk/objects.ts';

/** The newest stretch of a body in a file that is kept in memory as well. */
const windowBytes = 1024 * 1024;
/** Bytes not yet written to the file, beyond which the source has to wait. */
const unwrittenLimitBytes = 2 * 1024 * 1024;
/** Bytes handed to a reader at a time: bounds what a slow connection holds in memory. */
const pieceBytes = 64 * 1024;
/** Blocks of the file kept for readers who are behind, since they tend to be behind together. */
const maxBlocks = 16;

/** Memory that all spools of a node share, in bytes. */
export interface SpoolBudget {
  readonly limitBytes: number;
  usedBytes: number;
}

export interface SpoolOptions {
  /** Bytes up to which the body stays in memory. */
  readonly memoryBytes: number;
  readonly budget: SpoolBudget;
  /** Opens the file for a body that outgrows memory; `null` when there can be none. */
  readonly openFile: () => Promise<ObjectWriter | null>;
  readonly fileFailed: (error: unknown) => void;
}

/** A place from which a body is read; moved by `advance`. */
export interface Cursor {
  readonly offset: number;
}

export interface Spool {
  /** Bytes that may be read so far. */
  readonly length: number;
  readonly state: 'open' | 'whole' | 'failed';
  readonly error: MeridianError | null;
  readonly readers: number;
  /** Adds bytes; resolves when the next ones may come. */
  append(chunk: Uint8Array): Promise<void> | undefined;
  /** The body is whole. What was in memory is returned; a file is left to the caller (`file`). */
  finish(): Promise<{ readonly bytes: Uint8Array<ArrayBuffer> } | { readonly file: ObjectWriter } | null>;
  fail(error: MeridianError): void;
  /** Some bytes at the cursor; `null` at the end of a whole or failed body. */
  read(cursor: Cursor): Uint8Array | null | Promise<Uint8Array | null>;
  attach(offset: number): Cursor;
  /** The reader has taken so many bytes. */
  advance(cursor: Cursor, bytes: number): void;
  detach(cursor: Cursor): void;
  /** Whether a new reader could still get every byte. */
  readonly complete: boolean;
  /** Called whenever the last reader leaves. */
  onDeserted: () => void;
  /** No more writing: the file is closed as soon as the last reader has left, and deleted unless `keepFile`. */
  dispose(keepFile: boolean): Promise<void>;
}

interface Chunk {
  readonly start: number;
  readonly bytes: Uint8Array;
}

export function spool(options: SpoolOptions): Spool {
  const { budget } = options;
  /** Contiguous; the last one ends at `length`. */
  let chunks: Chunk[] = [];
  let length = 0;
  let state: Spool['state'] = 'open';
  let error: MeridianError | null = null;
  let file: ObjectWriter | null = null;
  let fileState: 'none' | 'open' | 'broken' = 'none';
  let written = 0;
  let writing: Promise<void> | null = null;
  let charged = 0;
  let disposed = false;
  const cursors = new Set<{ offset: number }>();
  const blocks = new Map<number, Promise<Uint8Array>>();
  let news = Promise.withResolvers<void>();

  function tell(): void {
    news.resolve();
    news = Promise.withResolvers<void>();
  }

  const windowStart = () => chunks[0]?.start ?? length;

  function charge(bytes: number): boolean {
    if (budget.usedBytes + bytes > budget.limitBytes) return false;
    budget.usedBytes += bytes;
    charged += bytes;
    return true;
  }

  function release(): void {
    budget.usedBytes -= charged;
    charged = 0;
  }

  /** From now on the body goes to a file. */
  async function spill(): Promise<void> {
    fileState = 'open';
    file = await options.openFile();
    release();
    if (!file) fileState = 'broken';
    else await startWriting();
  }

  function startWriting(): Promise<void> {
    writing ??= writeAll().finally(() => {
      writing = null;
    });
    return writing;
  }

  async function writeAll(): Promise<void> {
    while (file && fileState === 'open' && written < length) {
      const batch: Uint8Array[] = [];
      let end = written;
      for (const { start, bytes } of chunks) {
        if (start < written) continue;
        batch.push(bytes);
        end = start + bytes.length;
      }
      try {
        await file.append(batch);
        written = end;
      } catch (thrown) {
        fileState = 'broken';
        options.fileFailed(thrown);
      }
      trim();
      tell();
    }
  }

  /** Lets go of the oldest chunks that can be had elsewhere, or that nobody is going to ask for. */
  function trim(): void {
    let safe = written;
    if (fileState === 'broken') {
      let slowest = length;
      for (const { offset } of cursors) slowest = Math.min(slowest, offset);
      safe = Math.max(written, slowest);
    }
    let drop = 0;
    while (drop < chunks.length) {
      const { start, bytes } = chunks[drop] as Chunk;
      if (start + bytes.length > safe || length - start <= windowBytes) break;
      drop++;
    }
    if (drop > 0) chunks = chunks.slice(drop);
  }

  /** With a file: waits for it. Without: waits for the slowest reader, as there is nowhere else to keep bytes. */
  async function makeRoom(): Promise<void> {
    if (fileState === 'open') {
      const done = startWriting();
      if (length - written > unwrittenLimitBytes) await done;
    }
    while (fileState === 'broken' && state === 'open') {
      trim();
      if (length - windowStart() <= windowBytes) return;
      if (cursors.size === 0)
        throw new MeridianError('overloaded', 'the disk is out of use and nobody reads along');
      await news.promise;
    }
  }

  function readBlock(index: number): Promise<Uint8Array> {
    const from = index * pieceBytes;
    const whole = from + pieceBytes <= windowStart();
    const cached = blocks.get(index);
    if (cached) return cached;
    const reading = readFile(from);
    if (whole) {
      blocks.set(index, reading);
      const oldest = blocks.keys().next();
      if (blocks.size > maxBlocks && !oldest.done) blocks.delete(oldest.value);
    }
    return reading;
  }

  async function readFile(from: number): Promise<Uint8Array> {
    if (!file) throw new Error('a spool without a file was asked for bytes that it does not hold');
    const bytes = new Uint8Array(Math.min(pieceBytes, written - from));
    const read = await file.read(bytes, from);
    return bytes.subarray(0, read);
  }

  function fromWindow(offset: number): Uint8Array {
    let low = 0;
    let high = chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((chunks[middle] as Chunk).start <= offset) low = middle;
      else high = middle - 1;
    }
    const { start, bytes } = chunks[low] as Chunk;
    const at = offset - start;
    return bytes.subarray(at, Math.min(bytes.length, at + pieceBytes));
  }

  async function readLater(cursor: Cursor): Promise<Uint8Array | null> {
    for (;;) {
      if (cursor.offset < length) {
        if (cursor.offset >= windowStart()) return fromWindow(cursor.offset);
        const index = Math.floor(cursor.offset / pieceBytes);
        const block = await readBlock(index);
        const piece = block.subarray(cursor.offset - index * pieceBytes);
        if (piece.length > 0) return piece;
        throw new Error('a spool file is shorter than what was written to it');
      }
      if (state !== 'open') return null;
      await news.promise;
    }
  }

  return {
    get length() {
      return length;
    },
    get state() {
      return state;
    },
    get error() {
      return error;
    },
    get readers() {
      return cursors.size;
    },
    get complete() {
      return state !== 'failed' && fileState !== 'broken' && !disposed;
    },
    onDeserted: () => {},

    async dispose(keepFile) {
      disposed = true;
      if (file && !keepFile) await file.discard();
      if (cursors.size === 0) await file?.close();
    },

    append(chunk) {
      if (chunk.length === 0) return undefined;
      chunks.push({ start: length, bytes: chunk });
      length += chunk.length;
      tell();
      if (fileState !== 'none') return makeRoom();
      if (length <= options.memoryBytes && charge(chunk.length)) return undefined;
      return spill().then(makeRoom);
    },

    async finish() {
      if (fileState === 'open') await startWriting();
      state = 'whole';
      tell();
      release();
      if (fileState === 'none') return { bytes: concatenate(chunks, length) };
      return fileState === 'open' && file ? { file } : null;
    },

    fail(reason) {
      state = 'failed';
      error = reason;
      release();
      tell();
    },

    read(cursor) {
      if (cursor.offset < length && cursor.offset >= windowStart()) return fromWindow(cursor.offset);
      return state !== 'open' && cursor.offset >= length ? null : readLater(cursor);
    },

    attach(offset) {
      const cursor = { offset };
      cursors.add(cursor);
      return cursor;
    },

    advance(cursor, bytes) {
      (cursor as { offset: number }).offset += bytes;
      // The source may be waiting for the slowest reader.
      if (fileState === 'broken') tell();
    },

    detach(cursor) {
      if (!cursors.delete(cursor)) return;
      if (fileState === 'broken') tell();
      if (cursors.size > 0) return;
      if (disposed) file?.close().catch(options.fileFailed);
      else this.onDeserted();
    },
  };
}

function concatenate(chunks: readonly Chunk[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (const chunk of chunks) bytes.set(chunk.bytes, chunk.start);
  return bytes;
}
