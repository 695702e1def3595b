/**
 * What a rule is about: `lodash`, `lodash@<4.17.21`, `@acme/*`, `*`. A star in a name stands for any text. After the `@`, versions as npm
 * has them in package.json; without it, all.
 *
 * Ranges are npm's, with one difference. To npm, a pre-release is in a range only when the range names one of the same
 * release; a rule that forbids would let all others through. So what forbids also covers the pre-releases of the releases in it.
 */
import { matches } from '../../stars.ts';

export interface Spec {
  readonly name: string;
  /** `*`: every version, also those that are no valid semver. */
  readonly range: string;
}

/** Of a text that `isSpec` takes. */
export function specOf(text: string): Spec {
  const at = text.indexOf('@', 1);
  if (at < 0) return { name: text, range: '*' };
  return { name: text.slice(0, at), range: text.slice(at + 1).trim() };
}

/** Of these rules, the ranges that hold for a package. Some registries take any case for the same name, so a rule does as well. */
export function rangesOf(specs: readonly Spec[]): (name: string) => readonly string[] {
  const byName = new Map<string, string[]>();
  const patterns: { readonly pieces: readonly string[]; readonly range: string }[] = [];
  for (const { name, range } of specs) {
    const lower = name.toLowerCase();
    if (lower.includes('*')) patterns.push({ pieces: lower.split('*'), range });
    else byName.set(lower, [...(byName.get(lower) ?? []), range]);
  }
  return (name) => {
    const lower = name.toLowerCase();
    const matching = patterns.filter(({ pieces }) => matches(pieces, lower)).map(({ range }) => range);
    return [...(byName.get(lower) ?? []), ...matching];
  };
}

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
