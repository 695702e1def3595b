/**
 * The newest stretch of a body that is arriving: what memory holds of it, in chunks. All windows of a node are
 * charged to one budget.
 */
import { giveBack, keepReceived } from '../http/received.ts';
import type { Budget } from './budget.ts';

/** Bytes handed out at a time. Each piece is a call of the system here, and another one at the client. */
export const pieceBytes = 256 * 1024;
/** Chunks below this are copied together: a thousand chunks of a byte cost more than the bytes. */
const smallBytes = 4 * 1024;
/** What small chunks are copied into, in bytes. */
const trayBytes = 16 * 1024;

export interface Window {
  /** Offset of the first byte held, and of the first one not yet here. */
  readonly start: number;
  readonly end: number;
  push(bytes: Uint8Array): void;
  /** At most `pieceBytes` from an offset that is held. */
  piece(offset: number): Uint8Array;
  /** Everything held from an offset on. */
  since(offset: number): Uint8Array[];
  /**
   * Lets go of whole chunks that end before `offset`, as long as `keepBytes` remain. `inUse`: whether somebody may still
   * have bytes from one offset up to another; the memory of all others is used again.
   */
  trim(offset: number, keepBytes: number, inUse: (from: number, to: number) => boolean): void;
  /** All of it in one piece, when it is held from the first byte. The window goes on to work on that. */
  join(): Uint8Array<ArrayBuffer>;
  /** No longer counts what it holds: whoever refers to it lets go of it soon. */
  discharge(): void;
}

interface Chunk {
  readonly start: number;
  /** Has room for more behind `length`. */
  readonly bytes: Uint8Array;
  length: number;
}

export function window(budget: Budget): Window {
  /** Contiguous; the last one ends at `end`. */
  let chunks: Chunk[] = [];
  let end = 0;
  let charged = 0;
  let discharged = false;
  /** Where the newest piece came from: more of it may follow. */
  let newest: ArrayBufferLike | null = null;

  function charge(bytes: number): void {
    if (discharged) return;
    charged += bytes;
    budget.usedBytes += bytes;
  }

  function add(bytes: Uint8Array, length: number): void {
    chunks.push({ start: end, bytes, length });
    charge(bytes.length);
    end += length;
  }

  function pushSmall(bytes: Uint8Array): void {
    const last = chunks.at(-1);
    if (last && last.bytes.length - last.length >= bytes.length) {
      last.bytes.set(bytes, last.length);
      last.length += bytes.length;
      end += bytes.length;
    } else if (last && last.length < smallBytes) {
      const tray = new Uint8Array(trayBytes);
      tray.set(bytes);
      add(tray, bytes.length);
    } else {
      add(bytes, bytes.length);
    }
  }

  /** The chunk that holds the byte at this offset. */
  function indexOf(offset: number): number {
    let low = 0;
    let high = chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((chunks[middle] as Chunk).start <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Gives back the memory of chunks that were let go of, unless it holds others, or may come to. */
  function recycle(dropped: readonly Chunk[], inUse: (from: number, to: number) => boolean): void {
    for (const { start, bytes, length } of dropped) {
      if (inUse(start, start + length)) keepReceived(bytes.buffer);
    }
    for (const { bytes } of dropped) {
      const { buffer } = bytes;
      if (buffer !== newest && !chunks.some((chunk) => chunk.bytes.buffer === buffer)) giveBack(buffer);
    }
  }

  return {
    get start() {
      return chunks[0]?.start ?? end;
    },
    get end() {
      return end;
    },

    push(bytes) {
      newest = bytes.buffer;
      if (bytes.length < smallBytes) pushSmall(bytes);
      else add(bytes, bytes.length);
    },

    piece(offset) {
      const { start, bytes, length } = chunks[indexOf(offset)] as Chunk;
      const at = offset - start;
      return bytes.subarray(at, Math.min(length, at + pieceBytes));
    },

    since(offset) {
      if (offset >= end) return [];
      return chunks
        .slice(indexOf(offset))
        .map(({ start, bytes, length }) => bytes.subarray(Math.max(0, offset - start), length));
    },

    trim(offset, keepBytes, inUse) {
      let drop = 0;
      for (const { start, bytes, length } of chunks) {
        if (start + length > offset || end - (start + length) < keepBytes) break;
        drop++;
        charge(-bytes.length);
      }
      if (drop > 0) recycle(chunks.splice(0, drop), inUse);
    },

    join() {
      const bytes = new Uint8Array(end);
      for (const chunk of chunks) bytes.set(chunk.bytes.subarray(0, chunk.length), chunk.start);
      charge(bytes.length - charged);
      chunks = end > 0 ? [{ start: 0, bytes, length: end }] : [];
      return bytes;
    },

    discharge() {
      charge(-charged);
      discharged = true;
    },
  };
}
