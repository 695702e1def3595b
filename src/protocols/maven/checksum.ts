/**
 * Checksum files: `lib-1.0.jar.sha1` holds the SHA-1 of `lib-1.0.jar` in hexadecimal. Read leniently, as clients do, because some tools write the
 * file's name beside it; written as the bare digits, which all clients read.
 */
import type { Checksum } from './place.ts';

/** Longest checksum file that is read. */
export const maxChecksumBytes = 4096;

const digits: Readonly<Record<Checksum, number>> = { md5: 32, sha1: 40, sha256: 64, sha512: 128 };

/** In lower case; `null`: the file holds none. */
export function readChecksum(bytes: Uint8Array, by: Checksum): string | null {
  if (bytes.length > maxChecksumBytes) return null;
  const text = new TextDecoder().decode(bytes).trim();
  // `<digits>`, `<digits>  <file>`, `SHA1 (<file>) = <digits>`; some tools write groups of digits apart.
  const [first = ''] = text.split(/\s/, 1);
  const candidates = [first, /=\s*([0-9a-f]+)$/i.exec(text)?.[1] ?? '', text.replace(/\s/g, '')];
  const found = candidates.find((each) => each.length === digits[by] && /^[0-9a-f]+$/i.test(each));
  return found?.toLowerCase() ?? null;
}

export function checksumOf(bytes: Uint8Array, by: Checksum): string {
  return new Bun.CryptoHasher(by).update(bytes).digest('hex');
}
