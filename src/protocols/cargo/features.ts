/** Which dependencies of a crate its features enable (doc.rust-lang.org/cargo/reference/features.html), as they get into a lock file. */
import type { Dependency, Release } from './releases.ts';

export interface Enabled {
  readonly dependency: Dependency;
  /** That it is wanted with, sorted; `default` among them. */
  readonly features: readonly string[];
}

/** @param wanted what the crate itself is wanted with. */
export function enabledBy(wanted: readonly string[], release: Release): readonly Enabled[] {
  const enabled = new Map<string, Set<string>>();
  const known = new Set<string>();
  const enable = (alias: string, feature?: string): void => {
    const features = enabled.get(alias) ?? new Set<string>();
    if (feature !== undefined) features.add(feature);
    enabled.set(alias, features);
  };
  const waiting = [...wanted];
  for (let word = waiting.pop(); word !== undefined; word = waiting.pop()) {
    if (known.has(word)) continue;
    known.add(word);
    const slash = word.indexOf('/');
    if (word.startsWith('dep:')) enable(word.slice('dep:'.length));
    else if (slash > 0) {
      // Also a weak one, `alias?/feature`: a lock file has what it is about, whether or not anything enables that.
      const isWeak = word[slash - 1] === '?';
      const alias = word.slice(0, isWeak ? slash - 1 : slash);
      enable(alias, word.slice(slash + 1));
      if (!isWeak && release.features[alias] !== undefined) waiting.push(alias);
    } else {
      const more = release.features[word];
      if (more === undefined) enable(word);
      else waiting.push(...more);
    }
  }
  return release.dependencies.flatMap((dependency) => {
    const own = enabled.get(dependency.alias);
    if (dependency.optional && own === undefined) return [];
    const features = new Set([...(own ?? []), ...dependency.features]);
    if (dependency.defaultFeatures) features.add('default');
    return [{ dependency, features: [...features].sort() }];
  });
}
