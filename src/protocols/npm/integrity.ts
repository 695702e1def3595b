/**
 * What npm says of a tarball's bytes (`dist.integrity`, `dist.shasum`), as the fields that the caches
 * verify and name it by.
 */
import { formatReprDigest, fromIntegrity, fromShasum } from '../../http/digest.ts';

/**
 * A `Repr-Digest` member of the strongest digest that is given, or `null` when there is none.
 * @param integrity `sha512-<base64>`, possibly several separated by white space.
 * @param shasum SHA-1 in hex: all that packages from before 2017 have.
 */
export function reprDigestOf(integrity: unknown, shasum: unknown): string | null {
  const digest =
    (typeof integrity === 'string' ? fromIntegrity(integrity) : undefined) ??
    (typeof shasum === 'string' ? fromShasum(shasum) : undefined);
  return digest === undefined ? null : formatReprDigest(digest);
}

/** A strong entity tag out of a `Repr-Digest` member: the same bytes get the same tag in every place. */
export function etagOf(reprDigest: string): string {
  const base64 = reprDigest.slice(reprDigest.indexOf(':') + 1, -1);
  return `"${base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '').slice(0, 27)}"`;
}
