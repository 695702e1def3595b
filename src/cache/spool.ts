/**
 * A body while it arrives: written at one end, read at any number of places. Small ones stay in memory;
 * what grows beyond that goes to a file, and memory keeps only the newest stretch of it, where readers who
 * keep up find their bytes. Readers who do not are served from the file and hold up nobody.
 */
import type { MeridianError } from '../errors.ts';
import { type Block, pieceOf } from './blocks.ts';
import { type Budget, isCrowded } from './budget.ts';
import type { ObjectWriter } from './disk/writer.ts';
import { type SpoolFile, spoolFile } from './spool-file.ts';
import { window } from './window.ts';

/** The newest stretch of a body in a file that is kept in memory as well, as long as there is room. */
const windowBytes = 1024 * 1024;
/** Bytes not yet written to the file, beyond which the source has to wait. Without room: at once. */
const unwrittenLimitBytes = 2 * 1024 * 1024;

export interface SpoolOptions {
  /** Bytes up to which the body stays in memory. */
  readonly memoryBytes: number;
  /** A longer body is passed on but not kept. */
  readonly maxBytes: number;
  readonly budget: Budget;
  /** Opens the file for a body that outgrows memory; `null` when there can be none. */
  readonly openFile: () => Promise<ObjectWriter | null>;
  readonly fileFailed: (error: unknown) => void;
}

/** A place from which a body is read; moved by `advance`. */
export interface Cursor {
  readonly offset: number;
  /** The part of the file that it is in, when memory no longer has it. */
  readonly block: Block | null;
}

type Place = { -readonly [Part in keyof Cursor]: Cursor[Part] };

export interface Spool {
  /** Bytes that may be read so far. */
  readonly length: number;
  readonly state: 'open' | 'whole' | 'failed';
  readonly error: MeridianError | null;
  /** Whether all of it is being kept, in memory or in the file. */
  readonly keeping: boolean;
  /** Whether a new reader could still get every byte. */
  readonly joinable: boolean;
  /** How many read it just now. */
  readonly readers: number;
  /** Adds bytes; resolves when the next ones may come. */
  append(chunk: Uint8Array): Promise<void> | undefined;
  /** The body is whole: its bytes, its file, or `null` when it was not kept. */
  finish(): Promise<{ readonly bytes: Uint8Array<ArrayBuffer> } | { readonly file: ObjectWriter } | null>;
  fail(error: MeridianError): void;
  /** Some bytes at the cursor, good until it moves; `null` at the end of a whole or failed body. */
  read(cursor: Cursor): Uint8Array | null | Promise<Uint8Array | null>;
  attach(offset: number): Cursor;
  /** The reader is done with so many bytes. */
  advance(cursor: Cursor, bytes: number): void;
  detach(cursor: Cursor): void;
  /** What to do when the last reader has left, or when nobody reads what is not kept either. */
  onDeserted(deserted: () => void): void;
  /** No more writing: the file is closed as soon as the last reader has left, and deleted unless `keepFile`. */
  dispose(keepFile: boolean): Promise<void>;
}

export function spool(options: SpoolOptions): Spool {
  const { budget } = options;
  const held = window(budget);
  let state: Spool['state'] = 'open';
  let error: MeridianError | null = null;
  let file: SpoolFile | null = null;
  let disposed = false;
  /** Whoever asked has not had time yet to begin reading. */
  let isExpected = true;
  let deserted = () => {};
  const cursors = new Set<Place>();
  let news = Promise.withResolvers<void>();

  function tell(): void {
    news.resolve();
    news = Promise.withResolvers<void>();
  }

  function openFile(): SpoolFile {
    const { openFile, fileFailed } = options;
    return spoolFile({
      window: held,
      budget,
      openFile,
      fileFailed,
      progressed() {
        trim();
        tell();
      },
    });
  }

  /** Lets go of the oldest chunks that can be had elsewhere, or that nobody is going to ask for. */
  function trim(): void {
    if (!file) return;
    if (file.keeping) {
      held.trim(file.written, isCrowded(budget) ? 0 : windowBytes, isRead);
      return;
    }
    if (isExpected) return;
    let slowest = held.end;
    for (const { offset } of cursors) slowest = Math.min(slowest, offset);
    // Of what is let go of here, some may still be on its way to the file.
    held.trim(Math.max(file.written, slowest), 0, () => true);
  }

  /** Whether a reader may have a piece from between two offsets in hand. */
  function isRead(from: number, to: number): boolean {
    for (const { offset } of cursors) if (offset >= from && offset < to) return true;
    return false;
  }

  /** With a file: waits for it. Without: waits for the slowest reader, as there is nowhere else to keep bytes. */
  async function makeRoom(kept: SpoolFile): Promise<void> {
    if (kept.keeping) {
      const done = kept.write();
      if (held.end - kept.written > (isCrowded(budget) ? 0 : unwrittenLimitBytes)) await done;
    }
    if (!kept.keeping && isExpected) {
      await nextTurn();
      isExpected = false;
    }
    if (!kept.keeping && cursors.size === 0) deserted();
    while (!kept.keeping && state === 'open') {
      trim();
      if (cursors.size === 0 || held.end - held.start <= windowBytes) return;
      await news.promise;
    }
  }

  function letGo(cursor: Place): void {
    if (cursor.block) file?.release(cursor.block);
    cursor.block = null;
  }

  async function readBehind(cursor: Place, from: SpoolFile): Promise<Uint8Array | null> {
    const block = await from.hold(cursor.offset);
    if (!cursors.has(cursor)) {
      from.release(block);
      return null;
    }
    cursor.block = block;
    return pieceOf(block, cursor.offset);
  }

  async function readLater(cursor: Place): Promise<Uint8Array | null> {
    while (cursors.has(cursor)) {
      if (cursor.offset < held.end) {
        if (cursor.offset >= held.start) return held.piece(cursor.offset);
        if (!file) throw new Error('a body was asked for bytes that it does not hold');
        return readBehind(cursor, file);
      }
      if (state !== 'open') return null;
      await news.promise;
    }
    return null;
  }

  return {
    get length() {
      return held.end;
    },
    get state() {
      return state;
    },
    get error() {
      return error;
    },
    get keeping() {
      return file?.keeping ?? true;
    },
    get joinable() {
      if (state === 'failed') return false;
      return file ? file.keeping && !disposed : true;
    },
    get readers() {
      return cursors.size;
    },
    onDeserted(then) {
      deserted = then;
    },

    append(chunk) {
      if (chunk.length === 0) return undefined;
      held.push(chunk);
      tell();
      if (held.end > options.maxBytes) {
        file ??= openFile();
        file.abandon();
      }
      if (!file && (held.end > options.memoryBytes || isCrowded(budget))) file = openFile();
      return file ? makeRoom(file) : undefined;
    },

    async finish() {
      while (file?.keeping && file.written < held.end) await file.write();
      const bytes = file ? null : held.join();
      const kept = file?.whole;
      state = 'whole';
      tell();
      if (bytes) return { bytes };
      return kept ? { file: kept } : null;
    },

    fail(reason) {
      state = 'failed';
      error = reason;
      tell();
    },

    read(cursor) {
      if (cursor.block) return pieceOf(cursor.block, cursor.offset);
      if (cursor.offset < held.end && cursor.offset >= held.start) return held.piece(cursor.offset);
      return state !== 'open' && cursor.offset >= held.end ? null : readLater(cursor);
    },

    attach(offset) {
      const cursor: Place = { offset, block: null };
      cursors.add(cursor);
      isExpected = false;
      return cursor;
    },

    advance(cursor, bytes) {
      const place = cursor as Place;
      const { block } = place;
      place.offset += bytes;
      if (block && place.offset >= block.from + block.length) letGo(place);
      // The source may be waiting for the slowest reader.
      if (file && !file.keeping) tell();
    },

    detach(cursor) {
      if (!cursors.delete(cursor)) return;
      letGo(cursor);
      if (file && !file.keeping) tell();
      if (cursors.size > 0) return;
      if (!disposed) return deserted();
      held.discharge();
      void file?.close();
    },

    async dispose(keepFile) {
      await file?.end(keepFile);
      disposed = true;
      // From now on the file has all that readers may still want.
      if (file?.keeping) held.trim(file.written, 0, isRead);
      if (cursors.size > 0) return;
      held.discharge();
      await file?.close();
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
