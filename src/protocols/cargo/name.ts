/** What a crate may be called (doc.rust-lang.org/cargo/reference/registry-index.html#name-restrictions), and where its index is. */

const longest = 64;
const reserved = /^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])$/i;

/** What is wrong with it as the name of a crate, as the end of a sentence; `null`: nothing. */
export function objectionToCrate(name: string): string | null {
  if (name === '') return 'is empty';
  if (name.length > longest) return `is longer than ${longest} letters`;
  if (!/^[A-Za-z]/.test(name)) return 'does not begin with a letter';
  if (!/^[A-Za-z0-9_-]+$/.test(name))
    return 'has something else than letters, digits, dashes and underscores';
  return reserved.test(name) ? 'is a name that Windows keeps for itself' : null;
}

/** One for all spellings: an index does not tell cases apart. */
export function canonicalCrate(name: string): string {
  return name.toLowerCase();
}

/** The same for names that nobody can tell apart at a glance, of which there must be one at most. */
export function alikeCrate(name: string): string {
  return canonicalCrate(name).replaceAll('_', '-');
}

/** Below the address of an index, without a leading slash: `se/rd/serde`. @param name in canonical form. */
export function indexPathOf(name: string): string {
  return `${prefixOf(name)}/${name}`;
}

/** `1`, `2`, `3/a`, `se/rd`: what `{prefix}` stands for. */
export function prefixOf(name: string): string {
  if (name.length <= 2) return String(name.length);
  if (name.length === 3) return `3/${name.slice(0, 1)}`;
  return `${name.slice(0, 2)}/${name.slice(2, 4)}`;
}
