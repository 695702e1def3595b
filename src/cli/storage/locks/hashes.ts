/** Hashes of the files of one version, as lock files of Python name them. */

/** @param hashes as `sha256:<hex>` each; others are left out. @returns as `Wanted.integrity` has them. */
export function anyOf(hashes: readonly (string | undefined)[]): string | null {
  const known = hashes.filter((hash) => hash !== undefined && /^sha256:[0-9a-f]{64}$/.test(hash));
  return known.length === 0 ? null : [...new Set(known)].join(' ');
}
