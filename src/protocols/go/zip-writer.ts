/**
 * Writes a zip as it streams (APPNOTE.TXT 6.3): each file deflated, with its length and sum behind it. The same files make the same bytes, whenever
 * that is: all are from the first moment that a zip can tell.
 */
import { crc32, createDeflateRaw } from 'node:zlib';

export interface FileToZip {
  readonly name: string;
  chunks(): AsyncIterable<Uint8Array>;
}

/** What the plain form of a zip can count. */
export const mostZipped = 65_535;

/** Names are UTF-8, and lengths come behind the bytes. */
const flags = 0x0808;
const deflated = 8;
const versionNeeded = 20;
/** 1 January 1980. */
const firstDate = 0x21;

interface Written {
  readonly name: Buffer;
  readonly offset: number;
  readonly sum: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
}

/** Of less than 4 GiB in all. */
export async function* zipOf(files: readonly FileToZip[]): AsyncGenerator<Uint8Array, void, undefined> {
  if (files.length > mostZipped) throw new RangeError(`${files.length} files in a zip`);
  const written: Written[] = [];
  let offset = 0;
  for (const file of files) {
    const name = Buffer.from(file.name);
    const header = localHeader(name);
    yield header;
    const counts = { sum: 0, packedBytes: 0, sizeBytes: 0 };
    for await (const packed of deflatedOf(file.chunks(), counts)) {
      counts.packedBytes += packed.byteLength;
      yield packed;
    }
    yield descriptor(counts);
    written.push({ name, offset, ...counts });
    offset += header.length + counts.packedBytes + 16;
  }
  const directory = Buffer.concat(written.map(directoryEntry));
  yield directory;
  yield directoryEnd(written.length, directory.length, offset);
}

async function* deflatedOf(
  chunks: AsyncIterable<Uint8Array>,
  counts: { sum: number; sizeBytes: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const deflate = createDeflateRaw();
  const fed = (async () => {
    for await (const chunk of chunks) {
      counts.sum = crc32(chunk, counts.sum);
      counts.sizeBytes += chunk.byteLength;
      if (!deflate.write(chunk)) await new Promise((resolve) => deflate.once('drain', resolve));
    }
    deflate.end();
  })();
  // What fails on the way in, fails whoever reads what comes out.
  fed.catch((error: Error) => deflate.destroy(error));
  yield* deflate;
  await fed;
}

function localHeader(name: Buffer): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(versionNeeded, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt16LE(deflated, 8);
  header.writeUInt16LE(firstDate, 12);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name]);
}

function descriptor({ sum, packedBytes, sizeBytes }: Omit<Written, 'name' | 'offset'>): Buffer {
  const block = Buffer.alloc(16);
  block.writeUInt32LE(0x08074b50, 0);
  block.writeUInt32LE(sum, 4);
  block.writeUInt32LE(packedBytes, 8);
  block.writeUInt32LE(sizeBytes, 12);
  return block;
}

function directoryEntry({ name, offset, sum, packedBytes, sizeBytes }: Written): Buffer {
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(versionNeeded, 4);
  entry.writeUInt16LE(versionNeeded, 6);
  entry.writeUInt16LE(flags, 8);
  entry.writeUInt16LE(deflated, 10);
  entry.writeUInt16LE(firstDate, 14);
  entry.writeUInt32LE(sum, 16);
  entry.writeUInt32LE(packedBytes, 20);
  entry.writeUInt32LE(sizeBytes, 24);
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt32LE(offset, 42);
  return Buffer.concat([entry, name]);
}

function directoryEnd(count: number, sizeBytes: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(sizeBytes, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}
