/** A zip on the disk: its entries, and what is in each of them. What it says of itself is compared with what it holds. */
import { crc32 } from 'node:zlib';
import { type Entry, fromFdPromise, type ZipFile } from 'yauzl';
import { BadArchive } from './bad-archive.ts';
import { type HashedFile, hash1 } from './dirhash.ts';
import { moduleBounds, type NamedFile } from './module-files.ts';
import type { Spooled } from './spooled.ts';

export interface ArchivedFile extends NamedFile {
  /** Fails with a `BadArchive` where it is not what the archive says of it. */
  chunks(): AsyncGenerator<Uint8Array, void, undefined>;
}

/** In the order of the archive. @throws `BadArchive`, also beyond the bounds of a module. */
export async function filesIn({ fd }: Pick<Spooled, 'fd'>): Promise<readonly ArchivedFile[]> {
  try {
    const zip = await fromFdPromise(fd, { autoClose: false, strictFileNames: true });
    if (zip.entryCount > moduleBounds.files)
      throw new BadArchive(`The zip holds more than ${moduleBounds.files} files.`);
    const files: ArchivedFile[] = [];
    let unpackedBytes = 0;
    for await (const entry of zip.eachEntry()) {
      unpackedBytes += entry.uncompressedSize;
      if (unpackedBytes > moduleBounds.total)
        throw new BadArchive(`The zip unpacks to more than ${moduleBounds.total} bytes.`);
      files.push(fileOf(zip, entry));
    }
    return files;
  } catch (cause) {
    throw asBad(cause, 'The zip cannot be read');
  }
}

function fileOf(zip: ZipFile, entry: Entry): ArchivedFile {
  return {
    name: entry.fileName,
    sizeBytes: entry.uncompressedSize,
    isSpecial: isSpecial(entry),
    async *chunks() {
      try {
        let sum = 0;
        const stream: AsyncIterable<Uint8Array> = await zip.openReadStreamPromise(entry);
        for await (const chunk of stream) {
          sum = crc32(chunk, sum);
          yield chunk;
        }
        if (sum !== entry.crc32) throw new Error('its checksum is another one');
      } catch (cause) {
        throw asBad(cause, `${JSON.stringify(entry.fileName.slice(0, 120))} in the zip cannot be read`);
      }
    },
  };
}

/** What Unix knows of it, in the upper half of its attributes: a link, a device. Zips from elsewhere say nothing. */
function isSpecial({ externalFileAttributes }: Entry): boolean {
  const type = (externalFileAttributes >>> 16) & 0o170000;
  return type !== 0 && type !== 0o100000 && type !== 0o040000;
}

function asBad(cause: unknown, what: string): Error {
  if (cause instanceof BadArchive) return cause;
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new BadArchive(`${what}${why}.`, { cause });
}

/** `h1:…`, as go.sum has it. @throws `BadArchive` */
export async function hashOfFiles(files: readonly ArchivedFile[]): Promise<string> {
  const hashed: HashedFile[] = [];
  for (const { name, chunks } of files) {
    const hasher = new Bun.CryptoHasher('sha256');
    for await (const chunk of chunks()) hasher.update(chunk);
    hashed.push({ name, sha256: hasher.digest('hex') });
  }
  return hash1(hashed);
}

/** A short file, whole. @throws `BadArchive` beyond `maxBytes`. */
export async function contentOf(
  { name, sizeBytes, chunks }: ArchivedFile,
  maxBytes: number,
): Promise<Uint8Array> {
  if (sizeBytes > maxBytes) throw new BadArchive(`${JSON.stringify(name)} has more than ${maxBytes} bytes.`);
  const all: Uint8Array[] = [];
  for await (const chunk of chunks()) all.push(chunk);
  return Buffer.concat(all);
}
