/**
 * Zip archives (wheels, modules of Go, packages of NuGet), read where they lie, by ranges: the list of entries, and single ones of them. What comes from
 * people is held against bounds before anything is unpacked.
 */
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import type { BlobRange } from '../../../store.ts';
import { Refusal } from '../hosted/refusal.ts';
import { unreadable } from './unreadable.ts';

/** What an archive lies in: a blob that is held, for one. */
export interface ZipSource {
  readonly sizeBytes: number;
  open(range: BlobRange): Promise<ReadableStream<Uint8Array>>;
}

export interface Zip {
  /** By their names, folders (which end with a slash) left out; in the order of the archive. */
  readonly entries: ReadonlyMap<string, ZipEntry>;
}

export interface ZipEntry {
  readonly name: string;
  /** Unpacked, as the archive says: what turns out to have another length is refused. */
  readonly sizeBytes: number;
  /** Unpacked as it is read. @throws a `Refusal`, in the stream too, for what is broken. */
  open(): Promise<ReadableStream<Uint8Array>>;
}

const limits = {
  entries: 100_000,
  /** UTF-8, all together. */
  nameBytes: 16 * 2 ** 20,
  /** All entries unpacked, if that is more than so many times the archive. */
  unpackedBytes: 256 * 2 ** 20,
  ratio: 200,
} as const;

/**
 * @throws a `Refusal` for what is no archive, is encrypted, has names that lead elsewhere or are there twice, or unpacks to far more than it is.
 */
export async function openZip(source: ZipSource): Promise<Zip> {
  return understood(async () => {
    const zip = await fromRandomAccessReaderPromise(new RangeReader(source), source.sizeBytes, {
      ...{ lazyEntries: true, autoClose: false, validateEntrySizes: true, strictFileNames: false },
    });
    const entries = new Map<string, ZipEntry>();
    if (zip.entryCount > limits.entries) throw tooMuch(`${zip.entryCount} entries`);
    const seen = new Set<string>();
    const sum = { packed: 0, unpacked: 0, names: 0 };
    for await (const entry of zip.eachEntry()) {
      const { fileName: name, compressedSize, uncompressedSize } = entry;
      sum.packed += compressedSize;
      sum.unpacked += uncompressedSize;
      sum.names += entry.fileNameLength;
      if (seen.size >= limits.entries || sum.names > limits.nameBytes) throw tooMuch('too many entries');
      refuseBomb(sum, source.sizeBytes);
      if (seen.has(name)) throw new Refusal(400, `The archive has ${shown(name)} twice.`);
      seen.add(name);
      if (!name.endsWith('/')) entries.set(name, entryOf(zip, entry));
    }
    return { entries };
  });
}

/** All of one entry; `null`: there is none of this name. @throws a `Refusal` beyond `maxBytes`, and for what is broken. */
export async function zipEntry(
  zip: Zip,
  name: string,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const entry = zip.entries.get(name);
  if (entry === undefined) return null;
  if (entry.sizeBytes > maxBytes) throw tooMuch(`${shown(name)} with more than ${maxBytes} bytes`);
  const body = await entry.open();
  return understood(async () => new Uint8Array(await new Response(body).arrayBuffer()));
}

/** Entries that lie over each other unpack to far more than there is, too. */
function refuseBomb(sum: { readonly packed: number; readonly unpacked: number }, sizeBytes: number): void {
  if (sum.packed > sizeBytes) throw tooMuch('more bytes in its entries than in all of it');
  if (sum.unpacked > Math.max(limits.unpackedBytes, limits.ratio * sizeBytes))
    throw tooMuch(`${sum.unpacked} bytes when it is unpacked`);
}

function entryOf(zip: ZipFile, entry: Entry): ZipEntry {
  const { fileName: name, uncompressedSize: sizeBytes } = entry;
  return {
    ...{ name, sizeBytes },
    open: () =>
      understood(async () => {
        if (!entry.canDecodeFileData())
          throw new Refusal(400, `${shown(name)} is encrypted, or packed in a way that is not read here.`);
        const stream = await zip.openReadStreamPromise(entry);
        return asWeb(stream, entry);
      }),
  };
}

function asWeb(stream: Readable, { crc32: stated, fileName }: Entry): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
  let sum = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await chunks.next();
          if (done !== true) {
            sum = crc32(value, sum);
            return controller.enqueue(value);
          }
          if (sum !== stated) throw new Error(`${shown(fileName)} does not have its checksum`);
          controller.close();
        } catch (error) {
          controller.error(unreadable(error));
        }
      },
      cancel() {
        stream.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

/** As the library asks for parts. */
class RangeReader extends RandomAccessReader {
  readonly #source: ZipSource;

  constructor(source: ZipSource) {
    super();
    this.#source = source;
  }

  /** @param end not included. */
  override _readStreamForRange(start: number, end: number): Readable {
    const source = this.#source;
    async function* read() {
      if (end > start) yield* await source.open({ from: start, to: end - 1 });
    }
    return Readable.from(read(), { objectMode: false });
  }
}

async function understood<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw unreadable(error);
  }
}

function tooMuch(what: string): Refusal {
  return new Refusal(400, `The archive is not taken: it has ${what}.`);
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 200));
}
