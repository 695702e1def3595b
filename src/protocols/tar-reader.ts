/**
 * Reads a tar archive as its bytes come, and keeps the few files that somebody wants to look into. Nothing is written anywhere; what the archive
 * may come to is bounded, in bytes and in entries.
 */
import { blockBytes, checksumHolds, isEmptyBlock, paddingOf, pathIn, recordIn, sizeIn, typeIn } from './tar.ts';

/** What is wrong with an archive, in a sentence. */
export class TarError extends Error {
  override readonly name = 'TarError';
}

export interface TarLimits {
  /** Of the whole archive, unpacked. */
  readonly bytes: number;
  readonly entries: number;
  /** Of one file that is kept, and of one extended header. */
  readonly keptBytes: number;
}

export interface TarReader {
  /** @throws TarError */
  push(chunk: Uint8Array): void;
  /** Says whether it was whole. @throws TarError */
  end(): void;
  /** What was wanted, by its path. The last file of a path is the one that stays, as when it is unpacked. */
  readonly kept: ReadonlyMap<string, Uint8Array>;
}

type Collecting = { readonly as: 'file' | 'records' | 'name'; readonly path: string; readonly chunks: Uint8Array[] };

/** @param look is told of every file, folder and link by its path as it stands; says whether to keep a file. It may throw. */
export function tarReader(limits: TarLimits, look: (path: string, isFile: boolean) => boolean): TarReader {
  const kept = new Map<string, Uint8Array>();
  let header = Buffer.alloc(0);
  /** Bytes that are left of the entry at hand, and what fills its last block. */
  let left = 0;
  let padding = 0;
  let collecting: Collecting | null = null;
  /** Of the next entry, where an extended header says it. */
  let nextPath: string | null = null;
  let total = 0;
  let entries = 0;
  let hasEnded = false;

  function startEntry(block: Buffer): void {
    if (isEmptyBlock(block)) {
      hasEnded = true;
      return;
    }
    const size = checksumHolds(block) ? sizeIn(block) : null;
    if (size === null) throw new TarError('It holds no valid tar archive.');
    if (++entries > limits.entries) throw new TarError(`It has more than ${limits.entries} entries.`);
    left = size;
    padding = paddingOf(size);
    collecting = startOf(typeIn(block), block);
    if (collecting !== null && size > limits.keptBytes)
      throw new TarError(`${collecting.path || 'A header'} has more than ${limits.keptBytes} bytes.`);
    if (size === 0) endEntry();
  }

  function startOf(type: string, block: Buffer): Collecting | null {
    if (type === 'x') return { as: 'records', path: '', chunks: [] };
    if (type === 'L') return { as: 'name', path: '', chunks: [] };
    if (type === 'g' || type === 'K') return null;
    const path = nextPath ?? pathIn(block);
    nextPath = null;
    const isFile = type === '0' || type === '\0';
    return look(path, isFile) && isFile ? { as: 'file', path, chunks: [] } : null;
  }

  function endEntry(): void {
    const ended = collecting;
    collecting = null;
    if (ended === null) return;
    const bytes = Buffer.concat(ended.chunks);
    if (ended.as === 'file') kept.set(ended.path, bytes);
    else if (ended.as === 'name') nextPath = bytes.toString('utf8').replace(/\0.*$/s, '');
    else nextPath = recordIn(bytes.toString('utf8'), 'path');
  }

  return {
    kept,
    push(chunk) {
      total += chunk.length;
      if (total > limits.bytes) throw new TarError(`It unpacks to more than ${limits.bytes} bytes.`);
      for (let at = 0; at < chunk.length && !hasEnded; ) {
        if (left > 0) {
          const taken = Math.min(left, chunk.length - at);
          collecting?.chunks.push(chunk.slice(at, at + taken));
          left -= taken;
          at += taken;
          if (left === 0) endEntry();
        } else if (padding > 0) {
          const skipped = Math.min(padding, chunk.length - at);
          padding -= skipped;
          at += skipped;
        } else {
          const wanted = blockBytes - header.length;
          header = Buffer.concat([header, chunk.subarray(at, at + wanted)]);
          at += wanted;
          if (header.length < blockBytes) return;
          const block = header;
          header = Buffer.alloc(0);
          startEntry(block);
        }
      }
    },
    end() {
      const isWhole = left === 0 && header.length === 0 && (hasEnded || entries > 0);
      if (!isWhole) throw new TarError('The archive breaks off.');
    },
  };
}
