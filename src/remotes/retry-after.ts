/**
 * What a remote says with 429 (RFC 6585 §4) or 503 (RFC 9110 §15.6.4) and `Retry-After`: not to be asked before then.
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
  return dateMs === undefined ? null : Math.max(0, dateMs - nowMs);
}
