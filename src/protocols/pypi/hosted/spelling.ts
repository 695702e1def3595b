/**
 * `1.0` and `1.0.0` are the same version (PEP 440), and one release of a project. It is kept as it was spelt first, in normal form, because people
 * know it by that.
 */
import { versions } from '../version.ts';

/** Releases are spelt with so many numbers at most, for them to be recognised. */
const mostNumbers = 5;

/** In normal form: the one that was written first, then all others that mean the same. */
export function spellingsOf(version: string): readonly string[] {
  const canonical = versions.canonical(version);
  const written = releaseOf(version).split('.').length;
  const shortest = releaseOf(canonical).split('.').length;
  const lengths = Array.from(
    { length: Math.max(0, mostNumbers - shortest + 1) },
    (_, more) => shortest + more,
  );
  return [...new Set([written, ...lengths])].map((length) => withNumbers(canonical, length - shortest));
}

const release = /^v?(?:\d+!)?(\d+(?:\.\d+)*)/i;

function releaseOf(version: string): string {
  return release.exec(version.trim())?.[1] ?? '';
}

/** @param zeros how many are written behind the last number of the release. */
function withNumbers(canonical: string, zeros: number): string {
  return canonical.replace(release, (whole) => whole + '.0'.repeat(Math.max(0, zeros)));
}
