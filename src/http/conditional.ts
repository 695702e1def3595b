/**
 * Asking a parent whether a stored response still holds (RFC 9111 §4.3.1), and for a part of one.
 */
import type { Entry } from '../entry.ts';
import type { PartAsk } from '../parent.ts';
import { formatHttpDate } from './date.ts';

/** Adds the validators of `stored` to a request's fields. */
export function askConditionally(headers: Headers, stored: Entry): void {
  const { etag, sourceEtag, lastModifiedMs } = stored;
  const known = sourceEtag ?? etag;
  if (known !== null) headers.set('if-none-match', known);
  // Beside a tag it is for servers that know only this (RFC 9111 §4.3.1); the others prefer the tag.
  if (lastModifiedMs !== null && sourceEtag === null) {
    headers.set('if-modified-since', formatHttpDate(lastModifiedMs));
  }
}

/** Adds what a request for a part needs; `null`: the whole is wanted. */
export function askForPart(headers: Headers, part: PartAsk | null | undefined): void {
  if (!part) return;
  headers.set('range', part.range);
  if (typeof part.ifRange === 'string') headers.set('if-range', part.ifRange);
}
