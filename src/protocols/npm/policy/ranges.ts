/**
 * Ranges of versions in rules, as npm has them in package.json, with one difference. To npm, a pre-release is in a range only when the range names
 * one of the same release; a rule that forbids would let all others through. So what forbids also covers the pre-releases of the
 * releases in it.
 */

/** Whether a rule that allows something speaks of this version. */
export function allows(range: string, version: string): boolean {
  return range === '*' || Bun.semver.satisfies(version, range);
}

/** Whether a rule that forbids something does. */
export function forbids(range: string, version: string): boolean {
  if (allows(range, version)) return true;
  const release = releaseOf(version);
  return release !== version && Bun.semver.satisfies(release, range);
}

/** `1.0.0` of `1.0.0-beta.1`. */
function releaseOf(version: string): string {
  return version.replace(/[-+].*$/, '');
}
