/**
 * What a rule is about: `lodash`, `lodash@<4.17.21`, `@acme/*`, `*`. A star in a name stands for any text. After the last `@` that does not begin
 * the name, versions; without it, all.
 */
import { matches } from '../../stars.ts';
import { piecesOf } from '../patterns.ts';

export interface Spec {
  readonly name: string;
  /** `*`: every version, also those that are none to the ecosystem. */
  readonly range: string;
}

export function specOf(text: string): Spec {
  const at = text.lastIndexOf('@');
  if (at <= 0) return { name: text, range: '*' };
  return { name: text.slice(0, at), range: text.slice(at + 1).trim() };
}

/**
 * Of these rules, the ranges that hold for a package.
 * @param canonical one for all spellings of a name.
 */
export function rangesOf(
  specs: readonly Spec[],
  canonical: (name: string) => string,
): (name: string) => readonly string[] {
  const byName = new Map<string, string[]>();
  const patterns: { readonly pieces: readonly string[]; readonly range: string }[] = [];
  for (const { name, range } of specs) {
    const pieces = piecesOf(name, canonical);
    const [whole = ''] = pieces;
    if (pieces.length > 1) patterns.push({ pieces, range });
    else byName.set(whole, [...(byName.get(whole) ?? []), range]);
  }
  return (given) => {
    const name = canonical(given);
    const matching = patterns.filter(({ pieces }) => matches(pieces, name)).map(({ range }) => range);
    return [...(byName.get(name) ?? []), ...matching];
  };
}
