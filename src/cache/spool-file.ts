/**
 * The part of an arriving body that has gone to a file, for the store to keep and for readers who are behind.
 * When the disk fails, or the body turns out too large to keep, writing stops; what was written stays readable.
 */
import { type Block, blocks } from './blocks.ts';
import { type Budget, isCrowded } from './budget.ts';
import type { ObjectWriter } from './disk/writer.ts';
import type { Window } from './window.ts';

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
  /** The block that holds the byte at an offset before `written`, until it is released. */
  hold(offset: number): Promise<Block>;
  release(block: Block): void;
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
  const kept = blocks(readInto);

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

  async function readInto(bytes: Uint8Array, from: number): Promise<number> {
    try {
      if (!file) throw new Error('a body was asked for bytes that it does not hold');
      return await file.read(bytes.subarray(0, Math.min(bytes.length, written - from)), from);
    } catch (error) {
      options.fileFailed(error);
      throw error;
    }
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

    hold: (offset) => kept.hold(offset, isCrowded(budget)),
    release: kept.release,

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
