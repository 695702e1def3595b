/**
 * What a remote says with 429 (RFC 6585 §4) or 503 (RFC 9110 §15.6.4) and `Retry-After`: not to be asked before then. With 429, servers
 * that leave that out may say when more is granted: `RateLimit-Reset`, in seconds, or `X-RateLimit-Reset` and Docker Hub's
 * `X-Retry-After`, in seconds from now or since the epoch.
 */
import type { Answer } from '../entry.ts';
import { parseHttpDate } from '../http/date.ts';

/** Milliseconds from now on; `null` where the answer asks for no such thing. */
export function pauseAskedFor(
  { status, headers }: Pick<Answer, 'status' | 'headers'>,
  nowMs: number,
): number | null {
  if (status !== 429 && status !== 503) return null;
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const dateMs = parseHttpDate(value, nowMs);
  if (dateMs !== undefined) return Math.max(0, dateMs - nowMs);
  return status === 429 ? pauseUntilReset(headers, nowMs) : null;
}

const resets = ['ratelimit-reset', 'x-ratelimit-reset', 'x-retry-after'];
/** A number from here on is a time, and none of seconds to wait (that would be 31 years). */
const firstTimeS = 1e9;

function pauseUntilReset(headers: Headers, nowMs: number): number | null {
  for (const name of resets) {
    const value = headers.get(name)?.trim() ?? '';
    if (!/^\d{1,10}$/.test(value)) continue;
    const seconds = Number(value);
    return seconds < firstTimeS ? seconds * 1000 : Math.max(0, seconds * 1000 - nowMs);
  }
  return null;
}
