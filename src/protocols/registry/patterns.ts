/**
 * Patterns of names in the config, in which `*` stands for any text. They are read as names are, so that whoever writes `Acme_*` of an ecosystem
 * that says `acme-…` means just those: a pattern that takes in nothing would leave private names to whoever publishes them elsewhere.
 */
import { matches } from '../stars.ts';

/** Stands for a star while a pattern is brought into canonical form: no ecosystem spells it otherwise. */
const standIn = 'zz0star0zz';

/** @param canonical one for all spellings of a name. @returns what stands between the stars, in order. */
export function piecesOf(pattern: string, canonical: (name: string) => string): readonly string[] {
  const pieces = pattern.split('*');
  if (pattern === '' || pattern.includes(standIn)) return pieces;
  // As a whole, because a piece alone may not be what a name looks like.
  const read = canonical(pieces.join(standIn)).split(standIn);
  return read.length === pieces.length ? read : pieces;
}

/** Whether one of them takes in a name. */
export function nameMatcher(
  patterns: readonly string[],
  canonical: (name: string) => string,
): (name: string) => boolean {
  const whole = new Set<string>();
  const starred: (readonly string[])[] = [];
  for (const pattern of patterns) {
    const pieces = piecesOf(pattern, canonical);
    if (pieces.length > 1) starred.push(pieces);
    else whole.add(pieces[0] ?? '');
  }
  return (name) => whole.has(name) || starred.some((pieces) => matches(pieces, name));
}
