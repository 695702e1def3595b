/**
 * Names that a right is about: `@acme/*`, `lodash`, `*`. A star stands for any text, slashes included, so that `@acme/*` is
 * a whole scope and `*` everything. All else means itself.
 */

/** Whether one of the patterns matches a name as a whole. */
export type NameTest = (name: string) => boolean;

export function nameTest(patterns: readonly string[]): NameTest {
  if (patterns.includes('*')) return () => true;
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const others = patterns.filter((pattern) => pattern.includes('*')).map((pattern) => pattern.split('*'));
  return (name) => exact.has(name) || others.some((pieces) => matches(pieces, name));
}

/** @param pieces what stands between the stars, in order: two at least. */
function matches(pieces: readonly string[], name: string): boolean {
  const first = pieces[0] ?? '';
  const last = pieces.at(-1) ?? '';
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
    return false;
  let at = first.length;
  const end = name.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at);
    if (found === -1 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
