/**
 * Blocks of a file for readers who are behind, who tend to be behind together. Their buffers are used again as
 * soon as nobody holds them: a thousand readers of a large body would otherwise leave buffers behind faster
 * than the collector finds them.
 */

import { pieceBytes } from './window.ts';

const blockBytes = 64 * 1024;
/** Blocks kept while nobody holds them. */
const maxBlocks = 32;

export interface Block {
  /** Offset of its first byte. */
  readonly from: number;
  readonly bytes: Uint8Array;
  /** Bytes of it that are filled. */
  length: number;
  holders: number;
}

export interface Blocks {
  /**
   * The block that holds the byte at `offset`, which is in the file. Its bytes stay what they are until it is
   * released. `crowded`: keep none that nobody holds.
   */
  hold(offset: number, crowded: boolean): Promise<Block>;
  release(block: Block): void;
}

interface Entry {
  readonly block: Block;
  readonly filled: Promise<void>;
}

/** @param read fills a buffer from an offset of the file on, as far as that goes; returns the bytes read. */
export function blocks(read: (into: Uint8Array, from: number) => Promise<number>): Blocks {
  /** In order of their last use. */
  const known = new Map<number, Entry>();
  const spare: Uint8Array[] = [];

  function forget(block: Block): void {
    if (known.get(block.from)?.block === block) known.delete(block.from);
  }

  function recycle(block: Block): void {
    forget(block);
    if (spare.length < maxBlocks) spare.push(block.bytes);
  }

  /** Drops the blocks used least recently, those that nobody holds. */
  function shrink(limit: number): void {
    for (const { block } of known.values()) {
      if (known.size <= limit) return;
      if (block.holders === 0) recycle(block);
    }
  }

  function release(block: Block): void {
    block.holders--;
    if (block.holders === 0 && known.get(block.from)?.block !== block) recycle(block);
  }

  async function fill(block: Block): Promise<void> {
    block.length = await read(block.bytes, block.from);
  }

  function begin(from: number, crowded: boolean): Entry {
    shrink(crowded ? 0 : maxBlocks - 1);
    const bytes = spare.pop() ?? new Uint8Array(blockBytes);
    const block: Block = { from, bytes, length: 0, holders: 0 };
    const entry = { block, filled: fill(block) };
    known.set(from, entry);
    return entry;
  }

  /** The block, or `null` when it ends before `offset`. */
  async function holdOne({ block, filled }: Entry, offset: number): Promise<Block | null> {
    block.holders++;
    try {
      await filled;
    } catch (error) {
      forget(block);
      block.holders--;
      throw error;
    }
    if (block.from + block.length > offset) return block;
    forget(block);
    release(block);
    return null;
  }

  return {
    async hold(offset, crowded) {
      const from = offset - (offset % blockBytes);
      const entry = known.get(from);
      if (entry) {
        // It becomes the one used last.
        known.delete(from);
        known.set(from, entry);
      }
      // The file may have grown since the block was read, or while it is being read.
      const block =
        (entry && (await holdOne(entry, offset))) ?? (await holdOne(begin(from, crowded), offset));
      if (!block) throw new Error(`a file ends before byte ${offset}, which was written to it`);
      return block;
    },

    release,
  };
}

/** At most `pieceBytes` of a block, from an offset of the file that it holds. */
export function pieceOf(block: Block, offset: number): Uint8Array {
  const at = offset - block.from;
  return block.bytes.subarray(at, Math.min(block.length, at + pieceBytes));
}
