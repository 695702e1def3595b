/** Whom a list of what nodes shall have is for, by names in which `*` stands for any text. */
export function isMeant(to: readonly string[], node: string): boolean {
  return to.some((pattern) => {
    const pieces = pattern.split('*').map((piece) => piece.replace(/[^a-zA-Z0-9]/g, '\\$&'));
    return new RegExp(`^${pieces.join('.*')}$`).test(node);
  });
}
