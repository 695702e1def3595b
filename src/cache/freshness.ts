/**
 * How long a response may be used: RFC 9111 §4.2 and RFC 5861, computed once when a response is stored
 * or confirmed, so that a look-up only compares numbers.
 */
import type { Freshness } from '../entry.ts';
import { parseCacheControl } from '../http/cache-control.ts';
import { parseHttpDate } from '../http/date.ts';
import type { FreshnessPolicy } from '../resource.ts';

/**
 * @param headers of the response.
 * @param askedMs when the request was sent, `receivedMs` when its answer's head arrived; ms since the epoch.
 * @param policy the route's times for responses that carry none of their own.
 */
export function freshnessOf(
  headers: Headers,
  askedMs: number,
  receivedMs: number,
  policy: FreshnessPolicy | undefined,
): Freshness {
  const control = parseCacheControl(headers.get('cache-control'));
  return {
    receivedMs,
    initialAgeS: initialAge(headers, askedMs, receivedMs),
    lifetimeS: explicitLifetime(headers, receivedMs) ?? policy?.freshS ?? 0,
    staleWhileRevalidateS: control.staleWhileRevalidate ?? policy?.staleWhileRevalidateS ?? 0,
    staleIfErrorS: control.staleIfError ?? policy?.staleIfErrorS ?? 0,
    // One that names fields holds for the whole response as well: that is stricter, hence allowed (RFC 9111 §5.2.2.4).
    alwaysRevalidate: control.noCache !== false,
    // `s-maxage` carries the meaning of proxy-revalidate for a shared cache (RFC 9111 §5.2.2.10).
    neverStale: control.mustRevalidate || control.proxyRevalidate || control.sMaxAge !== undefined,
  };
}

/** `freshness_lifetime` where the response states it (RFC 9111 §4.2.1), in seconds, or `undefined`. */
export function explicitLifetime(headers: Headers, receivedMs: number): number | undefined {
  const control = parseCacheControl(headers.get('cache-control'));
  if (control.sMaxAge !== undefined) return control.sMaxAge;
  if (control.maxAge !== undefined) return control.maxAge;
  const expires = headers.get('expires');
  if (expires === null) return undefined;
  const expiresMs = parseHttpDate(expires);
  // An invalid date, "0" above all, means a time in the past (RFC 9111 §5.3).
  if (expiresMs === undefined) return 0;
  const dateMs = parseHttpDate(headers.get('date') ?? '') ?? receivedMs;
  return Math.max(0, (expiresMs - dateMs) / 1000);
}

/** `corrected_initial_age` (RFC 9111 §4.2.3), in seconds. */
function initialAge(headers: Headers, askedMs: number, receivedMs: number): number {
  const dateMs = parseHttpDate(headers.get('date') ?? '') ?? receivedMs;
  const apparentS = Math.max(0, (receivedMs - dateMs) / 1000);
  const correctedS = statedAge(headers.get('age')) + (receivedMs - askedMs) / 1000;
  return Math.max(apparentS, correctedS);
}

/** `Age` in seconds. The first member of a list counts, what is not a number counts as absent (RFC 9111 §5.1). */
function statedAge(value: string | null): number {
  if (value === null) return 0;
  const match = /^\s*(\d+)\s*(?:,|$)/.exec(value);
  return match?.[1] === undefined ? 0 : Math.min(Number(match[1]), 2_147_483_648);
}

/**
 * The response's age in seconds, with fraction (RFC 9111 §4.2.3 `current_age`). A wall clock that was set back
 * makes nothing younger than it was on arrival.
 */
export function ageS(freshness: Freshness, nowMs: number): number {
  return freshness.initialAgeS + Math.max(0, nowMs - freshness.receivedMs) / 1000;
}

/** Seconds of freshness left; negative once the response is stale. */
export function remainingS(freshness: Freshness, nowMs: number): number {
  return freshness.lifetimeS - ageS(freshness, nowMs);
}

/** Whether it may be served without asking the parent first. */
export function isFresh(freshness: Freshness, nowMs: number): boolean {
  return !freshness.alwaysRevalidate && remainingS(freshness, nowMs) > 0;
}

/** Until when it is fresh, ms since the epoch: `isFresh` as one number to compare with. */
export function freshUntilMs({ receivedMs, lifetimeS, initialAgeS, alwaysRevalidate }: Freshness): number {
  const never = alwaysRevalidate || lifetimeS <= initialAgeS;
  return never ? Number.NEGATIVE_INFINITY : receivedMs + (lifetimeS - initialAgeS) * 1000;
}

/** Whether it may be served stale at once, while somebody revalidates it (RFC 5861 §3). */
export function mayServeWhileRevalidating(freshness: Freshness, nowMs: number): boolean {
  if (freshness.neverStale || freshness.alwaysRevalidate) return false;
  return remainingS(freshness, nowMs) > -freshness.staleWhileRevalidateS;
}

/** Whether it may be served because the parent failed, stale or (to a request for something newer) fresh (RFC 5861 §4). */
export function mayServeOnError(freshness: Freshness, nowMs: number): boolean {
  if (isFresh(freshness, nowMs)) return true;
  if (freshness.neverStale || freshness.alwaysRevalidate) return false;
  return remainingS(freshness, nowMs) > -freshness.staleIfErrorS;
}

/**
 * Whether a response that has just come may also answer the requests that waited for it. One that was past its time
 * on arrival took long, or comes from a parent that serves stale because it must: who asks again gets no better,
 * and a parent in trouble gets more of it.
 */
export function mayShare(freshness: Freshness, nowMs: number): boolean {
  const { lifetimeS, initialAgeS, alwaysRevalidate, neverStale } = freshness;
  const wasLate = lifetimeS > 0 && initialAgeS >= lifetimeS;
  return mayJoin(freshness, nowMs) || (wasLate && !alwaysRevalidate && !neverStale);
}

/** Whether a response that is still arriving may answer a request that comes only now. */
export function mayJoin(freshness: Freshness, nowMs: number): boolean {
  if (isFresh(freshness, nowMs)) return true;
  return freshness.lifetimeS > 0 && mayServeWhileRevalidating(freshness, nowMs);
}
