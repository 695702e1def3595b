/** Takes a tar archive apart as it comes, in chunks of any length: the header of each entry, and the bytes that are behind it. */
import { blockBytes, isEmptyBlock, paddingOf } from './tar.ts';

export interface EntryTaker {
  /** An entry begins. @returns how many bytes it has. May throw, which ends it all. */
  header(block: Buffer): number;
  /** Some of its bytes: good until this returns. */
  bytes(piece: Uint8Array): void;
  /** It has come whole. */
  over(): void;
}

export interface TarBlocks {
  /** What comes behind the end of the archive is passed over. */
  push(chunk: Uint8Array): void;
  /** What it stopped in; `null`: between two entries, or behind the last one. */
  within(): 'header' | 'entry' | 'padding' | null;
}

export function tarBlocks(taker: EntryTaker): TarBlocks {
  let header: Buffer<ArrayBuffer> = Buffer.alloc(0);
  /** Bytes that are left of the entry at hand, and what fills its last block. */
  let left = 0;
  let padding = 0;
  let hasEnded = false;

  function begin(block: Buffer): void {
    if (isEmptyBlock(block)) {
      hasEnded = true;
      return;
    }
    left = taker.header(block);
    padding = paddingOf(left);
    if (left === 0) taker.over();
  }

  /** @returns how much of it was taken: at least a byte. */
  function take(rest: Uint8Array): number {
    if (left > 0) {
      const piece = rest.subarray(0, left);
      taker.bytes(piece);
      left -= piece.byteLength;
      if (left === 0) taker.over();
      return piece.byteLength;
    }
    if (padding > 0) {
      const skipped = Math.min(padding, rest.byteLength);
      padding -= skipped;
      return skipped;
    }
    const part = rest.subarray(0, blockBytes - header.length);
    header = Buffer.concat([header, part]);
    if (header.length === blockBytes) {
      const block = header;
      header = Buffer.alloc(0);
      begin(block);
    }
    return part.byteLength;
  }

  return {
    push(chunk) {
      for (let at = 0; at < chunk.byteLength && !hasEnded; ) at += take(chunk.subarray(at));
    },
    within() {
      if (left > 0) return 'entry';
      if (padding > 0) return 'padding';
      return header.length > 0 ? 'header' : null;
    },
  };
}
