/**
 * Asking a parent whether a stored response still holds (RFC 9111 §4.3.1).
 */
import type { Entry } from '../entry.ts';
import { formatHttpDate } from './date.ts';

/** Adds the validators of `stored` to a request's fields. */
export function askConditionally(headers: Headers, stored: Entry): void {
  const etag = stored.sourceEtag ?? stored.etag;
  if (etag !== null) headers.set('if-none-match', etag);
  else if (stored.lastModifiedMs !== null)
    headers.set('if-modified-since', formatHttpDate(stored.lastModifiedMs));
}
