/**
 * Strong validators (RFC 9110 §8.8.1): what names exactly one sequence of bytes, so that parts which bear the same
 * one may be put together (RFC 9110 §15.3.7.3, RFC 9111 §3.4).
 */
import { formatHttpDate } from './date.ts';
import { parseEntityTag } from './etag.ts';

/** A modification date in the same second may cover two versions (RFC 9110 §8.8.2.2). */
const certainAfterMs = 1000;

/**
 * As `If-Range` wants it: a strong entity tag, or a date that has become one. `null` when nothing of the kind is
 * known; a weak entity tag says so even where there is a date as well.
 */
export function strongValidator(
  etag: string | null,
  lastModifiedMs: number | null,
  dateMs: number | undefined,
): string | null {
  if (etag !== null) return parseEntityTag(etag)?.weak === false ? etag : null;
  if (lastModifiedMs === null || dateMs === undefined) return null;
  return dateMs - lastModifiedMs >= certainAfterMs ? formatHttpDate(lastModifiedMs) : null;
}
