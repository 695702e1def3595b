/**
 * `Release` and `InRelease` (Debian's repository format): what a generation of a suite consists of. Each of its indexes is named with its SHA-256,
 * so whatever comes by another name can be compared with it. What is signed is passed on as it is: we never write in it.
 */
import { parseParagraph, rowsOf } from './deb822.ts';

/** Of one suite. Debian's have some 3,000. */
const MAX_INDEXES = 100_000;
const limits = { fields: 100, bytes: 32 * 1024 * 1024 };
const begin = '-----BEGIN PGP SIGNED MESSAGE-----';
const signature = '-----BEGIN PGP SIGNATURE-----';
const hex256 = /^[0-9a-f]{64}$/;

export interface ReleaseIndex {
  readonly sha256: string;
  /** Where it says that, too: apt then asks by this one. */
  readonly sha512?: string | undefined;
  readonly sizeBytes: number;
}

export interface Release {
  /** By their paths below the folder of the suite: `main/binary-amd64/Packages.xz`. */
  readonly indexes: ReadonlyMap<string, ReleaseIndex>;
  readonly byHash: boolean;
  /** ms since the epoch; `null`: it says none that can be read. */
  readonly dateMs: number | null;
}

/** @throws SyntaxError in a sentence. */
export function parseRelease(text: string): Release {
  const fields = parseParagraph(text, limits);
  const indexes = new Map<string, ReleaseIndex>();
  const sha512 = new Map([...rowsOf(fields.get('sha512'))].map(([hash, , path = '']) => [path, hash]));
  for (const [sha256 = '', size = '', path] of rowsOf(fields.get('sha256'))) {
    if (path === undefined || !hex256.test(sha256) || !/^\d{1,15}$/.test(size))
      throw new SyntaxError('A line of its list of indexes is broken.');
    if (indexes.size >= MAX_INDEXES) throw new SyntaxError(`It names more than ${MAX_INDEXES} indexes.`);
    indexes.set(path, { sha256, sha512: sha512.get(path), sizeBytes: Number(size) });
  }
  if (fields.size === 0) throw new SyntaxError('It is empty.');
  const dateMs = Date.parse(fields.get('date') ?? '');
  return {
    indexes,
    byHash: fields.get('acquire-by-hash')?.toLowerCase() === 'yes',
    dateMs: Number.isNaN(dateMs) ? null : dateMs,
  };
}

/** What an `InRelease` signs (RFC 9580 §7). It may also come without a signature. @throws SyntaxError */
export function clearTextOf(text: string): string {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  if (lines[0]?.trimEnd() !== begin) {
    if (text.includes(begin)) throw new SyntaxError('Something stands before what is signed.');
    return text;
  }
  const start = lines.indexOf('', 1) + 1;
  const end = lines.indexOf(signature);
  if (start === 0 || end < start || !text.includes('-----END PGP SIGNATURE-----'))
    throw new SyntaxError('Its signature is not whole.');
  return lines
    .slice(start, end)
    .map((line) => (line.startsWith('- ') ? line.slice(2) : line))
    .join('\n');
}
