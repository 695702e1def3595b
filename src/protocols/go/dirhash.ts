/**
 * The hash by which go.sum and checksum databases know a module (golang.org/x/mod/sumdb/dirhash: `Hash1`): of the names of its files and of what
 * is in them, whatever archive they came in.
 */

export interface HashedFile {
  /** As in the archive: `example.com/m@v1.0.0/go.mod`. */
  readonly name: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** `h1:` and a SHA-256 in base64. */
export function hash1(files: readonly HashedFile[]): string {
  const lines = files
    .map(({ name, sha256 }) => ({ bytes: Buffer.from(name), line: `${sha256}  ${name}\n` }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ line }) => line);
  return `h1:${new Bun.CryptoHasher('sha256').update(lines.join('')).digest('base64')}`;
}

/** Of a `.mod` file, as go.sum has it for `<version>/go.mod`. */
export function hashOfGoMod(bytes: Uint8Array): string {
  return hash1([{ name: 'go.mod', sha256: new Bun.CryptoHasher('sha256').update(bytes).digest('hex') }]);
}
