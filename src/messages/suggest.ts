/**
 * "Did you mean …?": the known word nearest to a mistyped one.
 */

/** The hint, or nothing when no word is near enough to be meant. */
export function suggest(word: string, known: readonly string[]): { readonly hint?: string } {
  const atMost = word.length < 3 ? 0 : Math.max(1, Math.floor(word.length / 3));
  let nearest: { word: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= atMost && distance < (nearest?.distance ?? Number.POSITIVE_INFINITY))
      nearest = { word: candidate, distance };
  }
  return nearest === undefined ? {} : { hint: `Did you mean ${nearest.word}?` };
}

/** Insertions, deletions, replacements, and swaps of neighbours, that turn `a` into `b` (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      let least = Math.min(at(line, column - 1) + 1, at(above, column) + 1, at(above, column - 1) + same);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) least = Math.min(least, at(before, column - 2) + 1);
      line.push(least);
    }
    before = above;
    above = line;
  }
  return at(above, b.length);
}

function at(line: readonly number[], index: number): number {
  return line[index] ?? Number.POSITIVE_INFINITY;
}
