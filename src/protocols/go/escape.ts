/**
 * Module paths and versions as addresses write them: `!` and a lower-case letter for each upper-case one, so that no two of them are the same
 * where a file system does not tell cases apart (golang.org/x/mod/module: `EscapePath`).
 */

export function escaped(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);
}

/** `null`: nobody writes it so. */
export function unescaped(text: string): string | null {
  if (/[A-Z]|!(?![a-z])/.test(text)) return null;
  return text.replace(/!([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
