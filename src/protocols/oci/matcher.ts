/** Patterns of names and tags, in which `*` stands for any text. */
export function matcher(patterns: readonly string[]): (text: string) => boolean {
  const all = patterns.map((pattern) => {
    const pieces = pattern.split('*').map((piece) => piece.replace(/[^a-zA-Z0-9_/]/g, '\\$&'));
    return new RegExp(`^${pieces.join('.*')}$`);
  });
  return (text) => all.some((pattern) => pattern.test(text));
}
