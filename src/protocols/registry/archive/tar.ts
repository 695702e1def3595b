/**
 * Tar archives, packed by gzip or not (crates, sdists, gems, charts): a few entries of one, within bounds, as it streams. Nothing is unpacked
 * anywhere.
 */
import { checksumHolds, pathIn, recordIn, sizeIn, typeIn } from '../../tar.ts';
import { tarBlocks } from '../../tar-blocks.ts';
import { Refusal } from '../hosted/refusal.ts';
import { unreadable } from './unreadable.ts';

export interface TarOptions {
  readonly gzip: boolean;
  /** Whether an entry is kept. @param path as the archive has it. */
  wanted(path: string): boolean;
  /** Of all entries that are kept, together. */
  readonly maxBytes: number;
  /** All of it unpacked; absent: 8 GiB. */
  readonly maxUnpackedBytes?: number | undefined;
}

/** A file or a link is one entry; a folder none. */
export interface Tar {
  /** What was wanted, by its path; of a path that is there twice, the last one, as for whoever unpacks it. */
  readonly kept: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  readonly fileCount: number;
  readonly unpackedBytes: number;
}

const limits = {
  /** All of it unpacked. */
  unpackedBytes: 8 * 2 ** 30,
  entries: 500_000,
  /** Of an extended header. */
  headerBytes: 1024 * 1024,
} as const;

/** @throws a `Refusal` for what is no archive, breaks off, has names that lead elsewhere, or is beyond the bounds. */
export async function readTar(source: ReadableStream<Uint8Array>, options: TarOptions): Promise<Tar> {
  const reader = tarReader(options);
  try {
    // The types of Bun's own stream and of the standard's differ in what a chunk is.
    const gunzip = () =>
      new DecompressionStream('gzip') as unknown as ReadableWritablePair<Uint8Array, Uint8Array>;
    for await (const chunk of options.gzip ? source.pipeThrough(gunzip()) : source) reader.push(chunk);
  } catch (error) {
    throw unreadable(error);
  }
  return reader.end();
}

type Kept = 'entry' | 'records' | 'long-name';

function tarReader({ wanted, maxBytes, maxUnpackedBytes = limits.unpackedBytes }: TarOptions) {
  let kept: { readonly as: Kept; readonly path: string; readonly chunks: Uint8Array[] } | null = null;
  /** Of the next entry, where an extended header says it. */
  let next: { path?: string | undefined; size?: number | undefined } = {};
  let total = 0;
  let fileCount = 0;
  let unpackedBytes = 0;
  let keptBytes = 0;
  const found = new Map<string, Uint8Array<ArrayBuffer>>();

  function startEntry(block: Buffer): number {
    const type = typeIn(block);
    const isHeader = type === 'x' || type === 'L' || type === 'g';
    const stated = checksumHolds(block) ? sizeIn(block) : null;
    const size = isHeader || stated === null ? stated : (next.size ?? stated);
    if (size === null || !Number.isSafeInteger(size))
      throw new Refusal(400, 'This holds no valid tar archive.');
    if (isHeader) startHeader(type, size);
    else startFile(block, type, size);
    return size;
  }

  function startHeader(type: string, size: number): void {
    if (size > limits.headerBytes) throw new Refusal(400, 'An extended header of the archive is too long.');
    kept = type === 'g' ? null : { as: type === 'x' ? 'records' : 'long-name', path: '', chunks: [] };
  }

  function startFile(block: Buffer, type: string, size: number): void {
    const path = next.path ?? pathIn(block);
    next = {};
    refusePath(path);
    const isFile = type === '0' || type === '\0' || type === '7';
    if (type !== '5') fileCount++;
    if (fileCount > limits.entries)
      throw new Refusal(400, `The archive has more than ${limits.entries} files.`);
    if (!isFile) return;
    unpackedBytes += size;
    if (!wanted(path)) return;
    keptBytes += size;
    if (keptBytes > maxBytes) throw new Refusal(400, `${shown(path)} has more than ${maxBytes} bytes.`);
    kept = { as: 'entry', path, chunks: [] };
  }

  function endEntry(): void {
    if (kept === null) return;
    const { as, path, chunks } = kept;
    kept = null;
    const bytes = new Uint8Array(Buffer.concat(chunks));
    if (as === 'entry') {
      keptBytes -= found.get(path)?.byteLength ?? 0;
      found.set(path, bytes);
    } else if (as === 'long-name') next.path = textOf(bytes).replace(/\0.*$/s, '');
    else {
      const records = textOf(bytes);
      const size = recordIn(records, 'size');
      next = { path: recordIn(records, 'path') ?? next.path, size: size === null ? undefined : Number(size) };
    }
  }

  const blocks = tarBlocks({
    header: startEntry,
    bytes: (piece) => kept?.chunks.push(piece.slice()),
    over: endEntry,
  });
  return {
    push(chunk: Uint8Array): void {
      total += chunk.byteLength;
      if (total > maxUnpackedBytes)
        throw new Refusal(413, `The archive unpacks to more than ${maxUnpackedBytes} bytes.`);
      blocks.push(chunk);
    },
    end(): Tar {
      const within = blocks.within();
      if (within === 'entry' || within === 'header') throw new Refusal(400, 'The archive breaks off.');
      return { kept: found, fileCount, unpackedBytes };
    },
  };
}

/** Nothing is unpacked here, but whoever installs it does so. */
function refusePath(path: string): void {
  const leadsElsewhere = path.startsWith('/') || /(?:^|[/\\])\.\.(?:[/\\]|$)|\0/.test(path);
  if (leadsElsewhere) throw new Refusal(400, `The archive has a name that leads elsewhere: ${shown(path)}.`);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(bytes);
}

function shown(path: string): string {
  return JSON.stringify(path.slice(0, 200));
}
