/**
 * Looks into a gem before it is published: a tar archive of a specification, an archive of files, and the digests of both. What `gem` could not
 * install, what it would trip over, and what is not what it claims to be, is refused.
 */
import { gunzipSync } from 'node:zlib';
import { type Gemspec, GemspecError, maxMetadataBytes, readGemspec } from './gemspec.ts';
import { TarError, tarEntries } from './tar-entries.ts';

/** All files of a gem together. */
const maxUnpackedBytes = 2 * 1024 ** 3;
/** An archive that grows by more than this is a bomb, once it is longer than `harmlessBytes`. */
const mostGrowth = 200;
const harmlessBytes = 64 * 1024 * 1024;
const maxFiles = 200_000;
/** Of the outer archive: specification, files, digests, and a signature of each. */
const maxParts = 32;
const maxChecksumBytes = 64 * 1024;

/** Completes "The gem …". */
export class GemError extends Error {}

type Sums = Readonly<Record<'SHA256' | 'SHA512', string>>;

/** @throws {GemError} */
export async function inspectGem(stream: AsyncIterable<Uint8Array>): Promise<Gemspec> {
  try {
    return await inspect(stream);
  } catch (error) {
    if (error instanceof GemError) throw error;
    if (error instanceof TarError) throw new GemError(error.message, { cause: error });
    if (error instanceof GemspecError)
      throw new GemError(`has a specification that ${error.message}`, { cause: error });
    throw error;
  }
}

async function inspect(stream: AsyncIterable<Uint8Array>): Promise<Gemspec> {
  const sums = new Map<string, Sums>();
  let spec: Gemspec | null = null;
  let stated: Uint8Array | null = null;
  const bounds = { what: 'is an archive that', maxEntries: maxParts, maxBytes: Number.MAX_SAFE_INTEGER };
  for await (const { path, type, sizeBytes, body } of tarEntries(stream, bounds)) {
    if (type !== '0') throw new GemError(`holds what is no file: ${short(path)}`);
    if (sums.has(path)) throw new GemError(`holds ${short(path)} twice`);
    const sum = openSums();
    if (path === 'metadata.gz')
      spec = readGemspec(unpacked(await whole(sum.pass(body), sizeBytes, maxMetadataBytes, path), path));
    else if (path === 'checksums.yaml.gz')
      stated = unpacked(await whole(body, sizeBytes, maxChecksumBytes, path), path);
    else if (path === 'data.tar.gz') await inspectFiles(sum.pass(body), sizeBytes);
    else if (!/^(?:metadata\.gz|data\.tar\.gz|checksums\.yaml\.gz)\.sig$/.test(path)) {
      throw new GemError(`holds ${short(path)}, which gems have no use for`);
    }
    sums.set(path, sum.end());
  }
  if (spec === null) throw new GemError('holds no specification (metadata.gz)');
  if (!sums.has('data.tar.gz')) throw new GemError('holds no files (data.tar.gz)');
  if (stated !== null) compare(stated, sums);
  return spec;
}

/** The specification alone, of a gem that has been looked into before. @throws {GemError} */
export async function readSpecOf(stream: AsyncIterable<Uint8Array>): Promise<Gemspec> {
  const bounds = { what: 'is an archive that', maxEntries: maxParts, maxBytes: Number.MAX_SAFE_INTEGER };
  for await (const { path, sizeBytes, body } of tarEntries(stream, bounds)) {
    if (path === 'metadata.gz')
      return readGemspec(unpacked(await whole(body, sizeBytes, maxMetadataBytes, path), path));
  }
  throw new GemError('holds no specification (metadata.gz)');
}

async function inspectFiles(body: AsyncIterable<Uint8Array>, packedBytes: number): Promise<void> {
  const bounds = {
    what: 'holds an archive of files that',
    maxEntries: maxFiles,
    maxBytes: Math.min(maxUnpackedBytes, Math.max(harmlessBytes, packedBytes * mostGrowth)),
  };
  try {
    for await (const { path, type, link } of tarEntries(unpacking(body, bounds.maxBytes), bounds)) {
      if (!staysInside(path)) throw new GemError(`holds a file outside of its own folder: ${short(path)}`);
      if (type === '1') throw new GemError(`holds a hard link: ${short(path)}`);
      if (type === '2' && !staysInside(`${path.slice(0, path.lastIndexOf('/') + 1)}${link}`))
        throw new GemError(`holds a link that leads outside of its own folder: ${short(path)}`);
      if (type !== '0' && type !== '2' && type !== '5')
        throw new GemError(`holds what is neither a file nor a folder nor a link: ${short(path)}`);
    }
  } finally {
    for await (const _ of body); // Digests are of all of it, also of what follows the end of the archive.
  }
}

/** Every step of the path is below the folder that it begins in. */
function staysInside(path: string): boolean {
  if (path.startsWith('/') || path.includes('\0') || path.includes('\\')) return false;
  let depth = 0;
  for (const part of path.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) return false;
  }
  return true;
}

/** What bodies unpack to, and no more of it than that: archives of zeros grow by a thousand. */
async function* unpacking(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]();
  const packed = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done === true) controller.close();
      else controller.enqueue(new Uint8Array(next.value));
    },
  });
  let total = 0;
  const slack = 64 * 1024 * 1024; // headers of entries
  try {
    const pair = new DecompressionStream('gzip') as unknown as ReadableWritablePair<Uint8Array, Uint8Array>;
    for await (const chunk of packed.pipeThrough(pair)) {
      total += chunk.length;
      if (total > maxBytes + slack)
        throw new GemError(`holds an archive of files that unpacks to more than ${maxBytes} bytes`);
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof GemError || cause instanceof TarError) throw cause;
    throw new GemError('holds an archive of files that is no valid gzip', { cause });
  }
}

async function whole(
  body: AsyncIterable<Uint8Array>,
  sizeBytes: number,
  maxBytes: number,
  path: string,
): Promise<Buffer> {
  if (sizeBytes > maxBytes) throw new GemError(`has a ${path} of more than ${maxBytes} bytes`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function unpacked(packed: Uint8Array, path: string): Uint8Array {
  try {
    return gunzipSync(packed, { maxOutputLength: maxMetadataBytes });
  } catch (cause) {
    const isLong = cause instanceof RangeError;
    throw new GemError(
      isLong
        ? `has a ${path} that unpacks to more than ${maxMetadataBytes} bytes`
        : `has a ${path} that is no valid gzip`,
      { cause },
    );
  }
}

function compare(yaml: Uint8Array, sums: ReadonlyMap<string, Sums>): void {
  for (const [algorithm, path, hex] of statedIn(yaml)) {
    const own = sums.get(path);
    if (own !== undefined && own[algorithm] !== hex.toLowerCase())
      throw new GemError(`is damaged: its ${path} is not what its checksums.yaml says (${algorithm})`);
  }
}

function* statedIn(yaml: Uint8Array): Generator<readonly [keyof Sums, string, string]> {
  let parsed: unknown;
  try {
    parsed = Bun.YAML.parse(new TextDecoder().decode(yaml));
  } catch (cause) {
    throw new GemError('has a checksums.yaml that cannot be read', { cause });
  }
  for (const algorithm of ['SHA256', 'SHA512'] as const) {
    const files: unknown =
      typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, algorithm) : null;
    if (typeof files !== 'object' || files === null) continue;
    for (const [path, hex] of Object.entries(files)) yield [algorithm, path, String(hex)];
  }
}

function openSums() {
  const sha256 = new Bun.CryptoHasher('sha256');
  const sha512 = new Bun.CryptoHasher('sha512');
  return {
    async *pass(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
      for await (const chunk of body) {
        sha256.update(chunk);
        sha512.update(chunk);
        yield chunk;
      }
    },
    end: (): Sums => ({ SHA256: sha256.digest('hex'), SHA512: sha512.digest('hex') }),
  };
}

function short(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
