/**
 * Entity tags (RFC 9110 §8.8.3): opaque names of a representation, strong or weak.
 *
 * Comparisons work on field values as they are, without taking them apart, and hold for the malformed ones
 * of sloppy origins too: an unquoted tag equals itself.
 */
import { trim } from './syntax.ts';

export interface EntityTag {
  /** Marked `W/`: names representations that may stand for each other, not equal bytes. */
  readonly weak: boolean;
  /** With its quotes. */
  readonly opaque: string;
}

/** Strict: `W/` in upper case, no quote, space or control character within (RFC 9110 §8.8.3). */
export function parseEntityTag(value: string): EntityTag | undefined {
  if (!/^(?:W\/)?"[!#-~\x80-\uffff]*"$/.test(value)) return undefined;
  return { weak: isWeak(value), opaque: opaqueOf(value) };
}

/** Both are strong, and the same (RFC 9110 §8.8.3.2). */
export function strongMatch(a: string, b: string): boolean {
  return a === b && !isWeak(a);
}

/** The same, whether weak or strong (RFC 9110 §8.8.3.2). */
export function weakMatch(a: string, b: string): boolean {
  return a === b || opaqueOf(a) === opaqueOf(b);
}

/** Whether a list of entity tags (`If-Match`, `If-None-Match`) has one that matches `etag`. Not for `*`. */
export function listMatches(list: string, etag: string, match: typeof strongMatch): boolean {
  let at = 0;
  while (at < list.length) {
    const end = endOfTag(list, at);
    if (match(trim(list.slice(at, end)), etag)) return true;
    at = end + 1;
  }
  return false;
}

/** Up to the next comma that is not within quotes. Unlike in a quoted string, a backslash escapes nothing. */
function endOfTag(list: string, at: number): number {
  for (let end = at; end < list.length; end++) {
    const code = list.charCodeAt(end);
    if (code === comma) return end;
    if (code !== quote) continue;
    const close = list.indexOf('"', end + 1);
    if (close !== -1) end = close;
  }
  return list.length;
}
const quote = 0x22;
const comma = 0x2c;

function isWeak(value: string): boolean {
  return value.startsWith('W/');
}

function opaqueOf(value: string): string {
  return isWeak(value) ? value.slice(2) : value;
}
