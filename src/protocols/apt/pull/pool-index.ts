/**
 * Which digest each file of an archive has, made of one `Packages` or `Sources` of one generation: sixteen bytes of the hash of a file's path
 * and the 32 of its digest, in order. Debian's main archive has 63,000 files for an architecture: 3 MB of that, from 50 MB of text.
 */
import { turn } from '../../turn.ts';
import { poolKeyBytes as keyBytes, type PoolKey, poolKeyOf } from '../pool-key.ts';

const recordBytes = keyBytes + 32;
/** Files of one index. */
const mostFiles = 1_000_000;
/** A line; Debian's longest has some 60,000. */
const MAX_LINE = 1024 * 1024;

/** What an index says of one file. */
export interface Listed {
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** @param kind what sort of index the text is. @throws SyntaxError for what is no such thing. */
export async function writePoolIndex(
  pieces: AsyncIterable<Uint8Array>,
  kind: 'Packages' | 'Sources',
): Promise<Uint8Array> {
  const buckets: Buffer[][] = Array.from({ length: 256 }, () => []);
  let files = 0;
  const read = kind === 'Packages' ? packageReader() : sourceReader();
  for await (const lines of linesOf(pieces)) {
    for (const { path, sha256 } of lines.flatMap(read)) {
      if (++files > mostFiles) throw new SyntaxError(`It lists more than ${mostFiles} files.`);
      const record = Buffer.from(poolKeyOf(path) + sha256, 'hex');
      buckets[record[0] ?? 0]?.push(record);
    }
  }
  const sorted = Buffer.alloc(files * recordBytes);
  let at = 0;
  for (const bucket of buckets) {
    for (const record of bucket.sort(Buffer.compare)) at += record.copy(sorted, at);
    await turn();
  }
  return sorted;
}

async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE) throw new SyntaxError(`A line of it has more than ${MAX_LINE} characters.`);
    yield lines;
  }
  yield [rest, ''];
}

const hex256 = /^[0-9a-f]{64}$/i;

/** `Filename: pool/…` and `SHA256: …`, in paragraphs. */
function packageReader(): (line: string) => readonly Listed[] {
  let [path, sha256] = ['', ''];
  return (line) => {
    if (line.startsWith('Filename:')) path = line.slice(9).trim();
    else if (line.startsWith('SHA256:')) sha256 = line.slice(7).trim();
    else if (line === '') {
      const listed = listedAs(path, sha256);
      [path, sha256] = ['', ''];
      return listed;
    }
    return [];
  };
}

/** `Directory: pool/…`, and `Checksums-Sha256:` with a line for each file. */
function sourceReader(): (line: string) => readonly Listed[] {
  let directory = '';
  let isInList = false;
  let files: { readonly name: string; readonly sha256: string }[] = [];
  return (line) => {
    if (line === '') {
      const listed = files.flatMap(({ name, sha256 }) => listedAs(`${directory}/${name}`, sha256));
      [directory, files, isInList] = ['', [], false];
      return listed;
    }
    if (line.startsWith(' ')) {
      const [sha256, , name] = line.trim().split(/\s+/);
      if (isInList && sha256 !== undefined && name !== undefined) files.push({ name, sha256 });
      return [];
    }
    isInList = line.startsWith('Checksums-Sha256:');
    if (line.startsWith('Directory:')) directory = line.slice(10).trim();
    return [];
  };
}

function listedAs(path: string, sha256: string): readonly Listed[] {
  if (path === '' || !hex256.test(sha256)) return [];
  return [{ path: path.replace(/^(?:\.?\/)+/, ''), sha256: sha256.toLowerCase() }];
}

/** The digest of a file, hexadecimal; `null`: it is not in this index. */
export function findInPool(index: Uint8Array, key: PoolKey): string | null {
  const bytes = bufferOf(index);
  const wanted = Buffer.from(key, 'hex');
  let [low, high] = [0, Math.floor(bytes.length / recordBytes)];
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = middle * recordBytes;
    const order = bytes.compare(wanted, 0, keyBytes, at, at + keyBytes);
    if (order === 0) return bytes.toString('hex', at + keyBytes, at + recordBytes);
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return null;
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Files that both have, with other bytes. */
export function* othersThan(before: Uint8Array, after: Uint8Array): Generator<PoolKey> {
  const [one, other] = [bufferOf(before), bufferOf(after)];
  for (let a = 0, b = 0; a < one.length && b < other.length; ) {
    const order = one.compare(other, b, b + keyBytes, a, a + keyBytes);
    if (order === 0) {
      if (one.compare(other, b, b + recordBytes, a, a + recordBytes) !== 0)
        yield one.toString('hex', a, a + keyBytes) as PoolKey;
      b += recordBytes;
    }
    a += order <= 0 ? recordBytes : 0;
    b += order > 0 ? recordBytes : 0;
  }
}
