/**
 * The grammar that most fields share (RFC 9110 §5.6): tokens, quoted strings, lists and parameters.
 *
 * All of it is linear in the length of its input, whatever that holds.
 */

const tab = 0x09;
const space = 0x20;
const quote = 0x22;
const backslash = 0x5c;

/** `tchar`, by code unit (RFC 9110 §5.6.2). */
const tokenCharacters = new Uint8Array(128);
for (const character of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  tokenCharacters[character.charCodeAt(0)] = 1;
}

/** How many code units from `at` on are token characters. */
export function tokenLength(text: string, at = 0): number {
  let end = at;
  while (end < text.length && tokenCharacters[text.charCodeAt(end)] === 1) end++;
  return end - at;
}

/** Whether the whole text is one token (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return text.length > 0 && tokenLength(text) === text.length;
}

/** Without optional white space at either end: SP and HTAB only (RFC 9110 §5.6.3). */
export function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhiteSpace(text.charCodeAt(start))) start++;
  while (end > start && isWhiteSpace(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/**
 * The members of a list (RFC 9110 §5.6.1), or with `;` the parts of one member: trimmed, without the empty
 * ones. A separator within a quoted string separates nothing. A quote that is never closed quotes nothing,
 * so that one stray character cannot hide what follows it.
 */
export function split(text: string, separator: ',' | ';'): string[] {
  const parts: string[] = [];
  const boundary = separator.charCodeAt(0);
  let start = 0;
  let quotesClose = true;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote && quotesClose) {
      const close = closingQuote(text, at);
      if (close === -1) quotesClose = false;
      else at = close;
    } else if (code === boundary) {
      keep(parts, text.slice(start, at));
      start = at + 1;
    }
  }
  keep(parts, text.slice(start));
  return parts;
}

/** The content of a token or of a quoted string (RFC 9110 §5.6.4); `undefined` for anything else. */
export function argument(text: string): string | undefined {
  if (isToken(text)) return text;
  if (text.length < 2 || text.charCodeAt(0) !== quote) return undefined;
  if (closingQuote(text, 0) !== text.length - 1) return undefined;
  return text.slice(1, -1).replace(/\\(.)/gs, '$1');
}

/** A quoted string (RFC 9110 §5.6.4). What no field may hold (control and non-ASCII characters) becomes `?`. */
export function quoted(text: string): string {
  return needsCare.test(text) ? `"${text.replace(/[^ -~]/g, '?').replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}
const needsCare = /[^ !#-[\]-~]/;

/** Where the string that is opened at `open` is closed, or -1. */
function closingQuote(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return at;
    if (code === backslash) at++;
  }
  return -1;
}

function keep(parts: string[], part: string): void {
  const trimmed = trim(part);
  if (trimmed !== '') parts.push(trimmed);
}

function isWhiteSpace(code: number): boolean {
  return code === space || code === tab;
}
