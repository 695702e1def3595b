/**
 * Conditional requests (RFC 9110 §13): whether a request goes on, is answered by what the client has already
 * (304), or fails (412).
 */
import { parseHttpDate } from './date.ts';
import { listMatches, strongMatch, weakMatch } from './etag.ts';

/** `not-modified`: answer 304. `failed`: answer 412. */
export type Verdict = 'proceed' | 'not-modified' | 'failed';

export interface Conditions {
  readonly method: string;
  /** Of the request. */
  readonly headers: Headers;
  /** `ETag` of the selected representation, as it is sent. */
  readonly etag: string | null | undefined;
  readonly lastModifiedMs: number | null | undefined;
  /** `Date` of the stored response, which stands in for `Last-Modified` in a cache (RFC 9111 §4.3.2). */
  readonly dateMs?: number | null | undefined;
  /** What the answer would be without conditions. They hold for 2xx and 412 only (RFC 9110 §13.2.1). Default 200. */
  readonly status?: number | undefined;
  /** Whether there is a representation at all, for `*`. Default true. */
  readonly exists?: boolean | undefined;
  /** A cache leaves `If-Match` and `If-Unmodified-Since` to the origin (RFC 9111 §4.3.2). Default `origin`. */
  readonly by?: 'origin' | 'cache' | undefined;
  /** For years of two digits; see `parseHttpDate`. */
  readonly nowMs?: number | undefined;
}

/** The steps of RFC 9110 §13.2.2, in their order. Ranges are the caller's next step: see `ifRangeHolds`. */
export function evaluate(given: Conditions): Verdict {
  const { method, headers, status = 200 } = given;
  if (status !== 412 && (status < 200 || status > 299)) return 'proceed';
  if (method === 'CONNECT' || method === 'OPTIONS' || method === 'TRACE') return 'proceed';

  if (given.by !== 'cache') {
    const ifMatch = headers.get('if-match');
    if (ifMatch !== null) {
      if (!names(ifMatch, given, strongMatch)) return 'failed';
    } else if (
      modifiedSince(headers.get('if-unmodified-since'), given.lastModifiedMs, given.nowMs) === true
    ) {
      return 'failed';
    }
  }

  const reading = method === 'GET' || method === 'HEAD';
  const ifNoneMatch = headers.get('if-none-match');
  if (ifNoneMatch !== null) {
    if (!names(ifNoneMatch, given, weakMatch)) return 'proceed';
    return reading ? 'not-modified' : 'failed';
  }
  if (!reading) return 'proceed';
  const changedMs = given.lastModifiedMs ?? given.dateMs;
  return modifiedSince(headers.get('if-modified-since'), changedMs, given.nowMs) === false
    ? 'not-modified'
    : 'proceed';
}

/**
 * Whether `Range` is to be heeded (RFC 9110 §13.1.5): without `If-Range`, or when it names exactly this
 * representation.
 *
 * @param dateMs `Date` of the response: a modification date in the same second may cover two versions,
 *   so that it proves nothing (RFC 9110 §8.8.2.2). Without it a date never holds.
 */
export function ifRangeHolds(
  ifRange: string | null,
  etag: string | null | undefined,
  lastModifiedMs: number | null | undefined,
  dateMs?: number | null,
): boolean {
  if (ifRange === null) return true;
  if (ifRange.includes('"')) return typeof etag === 'string' && strongMatch(ifRange, etag);
  if (typeof lastModifiedMs !== 'number' || typeof dateMs !== 'number') return false;
  const modifiedMs = wholeSecond(lastModifiedMs);
  return dateMs - modifiedMs >= 1000 && parseHttpDate(ifRange) === modifiedMs;
}

/** Whether the condition names the selected representation. */
function names(condition: string, { etag, exists = true }: Conditions, match: typeof strongMatch): boolean {
  if (condition === '*') return exists;
  if (typeof etag !== 'string') return false;
  return match(condition, etag) || listMatches(condition, etag, match);
}

/** `undefined`: nothing to compare, so that the condition is ignored (RFC 9110 §13.1.3, §13.1.4). */
function modifiedSince(
  value: string | null,
  changedMs: number | null | undefined,
  nowMs: number | undefined,
): boolean | undefined {
  if (value === null || typeof changedMs !== 'number') return undefined;
  const sinceMs = parseHttpDate(value, nowMs);
  return sinceMs === undefined ? undefined : wholeSecond(changedMs) > sinceMs;
}

/** Field values have no fraction of a second; a file's time has. */
function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
