/**
 * The part of an arriving body that has gone to a file, for the store to keep and for readers who are behind.
 * When the disk fails, or the body turns out too large to keep, writing stops; what was written stays readable.
 */
import { type Budget, isCrowded } from './budget.ts';
import type { ObjectWriter } from './disk/writer.ts';
import { pieceBytes, type Window } from './window.ts';

/** Pieces of the file kept for readers who are behind, since they tend to be behind together. */
const maxPieces = 16;

export interface SpoolFile {
  /** Everything before this offset is in the file. */
  readonly written: number;
  /** The whole of it, as long as nothing went wrong: for the store. */
  readonly whole: ObjectWriter | null;
  /** Whether the file still takes all that comes. */
  readonly keeping: boolean;
  /** Writes what the window holds beyond `written`; settles when all of it is there, or writing has stopped. */
  write(): Promise<void>;
  /** No more writing: the file is not going to be kept. */
  abandon(): void;
  /** At most `pieceBytes` from an offset before `written`. */
  read(offset: number): Promise<Uint8Array>;
  /** Waits for writes under way, then deletes the file unless it is kept. Reading goes on to work. */
  end(keep: boolean): Promise<void>;
  close(): Promise<void>;
}

export interface SpoolFileOptions {
  readonly window: Window;
  readonly budget: Budget;
  /** Opens the file; `null` when there can be none. */
  readonly openFile: () => Promise<ObjectWriter | null>;
  readonly fileFailed: (error: unknown) => void;
  /** Called whenever more has been written, or writing has stopped. */
  readonly progressed: () => void;
}

export function spoolFile({ window, budget, ...options }: SpoolFileOptions): SpoolFile {
  let file: ObjectWriter | null = null;
  let keeping = true;
  let written = 0;
  let writing: Promise<void> | null = null;
  const pieces = new Map<number, Promise<Uint8Array>>();

  function failed(error: unknown): void {
    keeping = false;
    options.fileFailed(error);
  }

  async function writeAll(): Promise<void> {
    try {
      file ??= await options.openFile();
      if (!file) keeping = false;
      while (file && keeping && written < window.end) {
        const end = window.end;
        await file.append(window.since(written));
        written = end;
        options.progressed();
      }
    } catch (error) {
      failed(error);
    }
    if (!keeping) options.progressed();
  }

  async function readPiece(from: number): Promise<Uint8Array> {
    try {
      if (!file) throw new Error('a body was asked for bytes that it does not hold');
      const bytes = new Uint8Array(Math.min(pieceBytes, written - from));
      return bytes.subarray(0, await file.read(bytes, from));
    } catch (error) {
      pieces.delete(from);
      options.fileFailed(error);
      throw error;
    }
  }

  function pieceAt(from: number): Promise<Uint8Array> {
    const known = pieces.get(from);
    if (known !== undefined) return known;
    const reading = readPiece(from);
    if (from + pieceBytes > written || isCrowded(budget)) return reading;
    pieces.set(from, reading);
    const oldest = pieces.keys().next();
    if (pieces.size > maxPieces && !oldest.done) pieces.delete(oldest.value);
    return reading;
  }

  return {
    get written() {
      return written;
    },
    get whole() {
      return keeping && written === window.end ? file : null;
    },
    get keeping() {
      return keeping;
    },

    write() {
      writing ??= writeAll().finally(() => {
        writing = null;
      });
      return writing;
    },

    abandon() {
      keeping = false;
    },

    async read(offset) {
      const from = offset - (offset % pieceBytes);
      const piece = (await pieceAt(from)).subarray(offset - from);
      if (piece.length === 0) throw new Error('a file is shorter than what was written to it');
      return piece;
    },

    async end(keep) {
      keeping &&= keep;
      await writing;
      try {
        if (!keep) await file?.discard();
      } catch (error) {
        options.fileFailed(error);
      }
    },

    async close() {
      try {
        await file?.close();
      } catch (error) {
        options.fileFailed(error);
      }
    },
  };
}
