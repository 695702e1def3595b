/**
 * How long a response may be used: RFC 9111 §4.2 and RFC 5861, computed once when a response is stored
 * or confirmed, so that a look-up only compares numbers.
 */
import type { Freshness } from '../entry.ts';
import type { ErrorCode, MeridianError } from '../errors.ts';
import type { CacheControl } from '../http/cache-control.ts';
import { parseHttpDate } from '../http/date.ts';
import { cachingPolicy } from '../http/targeted.ts';
import type { FreshnessPolicy } from '../resource.ts';

/** Of the time since a response was last modified: how much of it again it may be used (RFC 9111 §4.2.2). */
const heuristicShare = 0.1;
/** The longest time that a response is used for that states none. Seconds. */
const heuristicLimitS = 86_400;
/**
 * How long past its lifetime a response may be used when the parent cannot be reached at all, where neither it nor the
 * route says anything about that (RFC 9111 §4.2.4: a cache that is disconnected). Seconds.
 */
const disconnectedS = 86_400;

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
  const { control } = cachingPolicy(headers);
  const stated = explicitLifetime(headers, receivedMs);
  const initialAgeS = initialAge(headers, askedMs, receivedMs);
  const lifetimeS = stated ?? lifetimeBy(policy, initialAgeS) ?? heuristicLifetime(headers, receivedMs);
  return {
    receivedMs,
    initialAgeS,
    lifetimeS,
    immutable: control.immutable,
    // One that names fields is about those alone: they are not stored (`head.ts`).
    alwaysRevalidate: control.noCache === true,
    ...staleness(control, policy, lifetimeS),
    ...(policy?.revalidateS !== undefined && { revalidateS: policy.revalidateS }),
  };
}

/**
 * How long it may be used when it is stale.
 *
 * `s-maxage` carries the meaning of `proxy-revalidate` for a shared cache (RFC 9111 §5.2.2.10), so no default makes up
 * for silence there. But a response that says both `s-maxage` and `stale-while-revalidate` (or `stale-if-error`) gives
 * its permission in so many words, and to nobody but shared caches; reading the implication as the stronger of the two
 * would leave the explicit directive without any meaning. So do the large networks, and what servers send relies on
 * it. `must-revalidate` and `proxy-revalidate` themselves stay the last word.
 */
function staleness(
  control: CacheControl,
  policy: FreshnessPolicy | undefined,
  lifetimeS: number,
): Pick<Freshness, 'staleWhileRevalidateS' | 'staleIfErrorS' | 'staleIfDisconnectedS' | 'neverStale'> {
  const { staleWhileRevalidate, staleIfError } = control;
  const implied = control.sMaxAge !== undefined;
  const ifError = staleIfError ?? (implied ? 0 : policy?.staleIfErrorS);
  return {
    staleWhileRevalidateS: staleWhileRevalidate ?? (implied ? 0 : (policy?.staleWhileRevalidateS ?? 0)),
    staleIfErrorS: ifError ?? 0,
    // What was never fresh is not meant to be used without asking.
    staleIfDisconnectedS: ifError ?? (lifetimeS > 0 ? disconnectedS : 0),
    neverStale:
      control.mustRevalidate ||
      control.proxyRevalidate ||
      (implied && staleWhileRevalidate === undefined && staleIfError === undefined),
  };
}

/** `freshness_lifetime` where the response states it (RFC 9111 §4.2.1), in seconds, or `undefined`. */
export function explicitLifetime(headers: Headers, receivedMs: number): number | undefined {
  const { control, isTargeted } = cachingPolicy(headers);
  if (control.sMaxAge !== undefined) return control.sMaxAge;
  if (control.maxAge !== undefined) return control.maxAge;
  const expires = isTargeted ? null : headers.get('expires');
  if (expires === null) return undefined;
  const expiresMs = parseHttpDate(expires, receivedMs);
  // An invalid date, "0" above all, means a time in the past (RFC 9111 §5.3).
  if (expiresMs === undefined) return 0;
  return Math.max(0, (expiresMs - dateOf(headers, receivedMs)) / 1000);
}

/** By the route's word: from when it was made, or from now on where the parent has kept it and knows that it holds. */
function lifetimeBy(policy: FreshnessPolicy | undefined, initialAgeS: number): number | undefined {
  const { freshS, vouchedS } = policy ?? {};
  if (freshS === undefined || vouchedS === undefined) return freshS;
  return Math.max(freshS, Math.min(initialAgeS + freshS, vouchedS));
}

/** A guess from how long the response has been as it is; without `Last-Modified` there is nothing to guess from. */
function heuristicLifetime(headers: Headers, receivedMs: number): number {
  const modifiedMs = parseHttpDate(headers.get('last-modified') ?? '', receivedMs);
  if (modifiedMs === undefined) return 0;
  const unchangedS = Math.max(0, dateOf(headers, receivedMs) - modifiedMs) / 1000;
  return Math.min(unchangedS * heuristicShare, heuristicLimitS);
}

/** `Date`, or when the response arrived where it has none that can be read (RFC 9110 §6.6.1). */
function dateOf(headers: Headers, receivedMs: number): number {
  return parseHttpDate(headers.get('date') ?? '', receivedMs) ?? receivedMs;
}

/** `corrected_initial_age` (RFC 9111 §4.2.3), in seconds. */
function initialAge(headers: Headers, askedMs: number, receivedMs: number): number {
  const apparentS = Math.max(0, (receivedMs - dateOf(headers, receivedMs)) / 1000);
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

/** Until when it is fresh and not due, ms since the epoch: `isFresh` and `isDue` as one number to compare with. */
export function freshUntilMs({
  receivedMs,
  lifetimeS,
  initialAgeS,
  alwaysRevalidate,
  revalidateS = Number.POSITIVE_INFINITY,
}: Freshness): number {
  const never = alwaysRevalidate || lifetimeS <= initialAgeS;
  return never
    ? Number.NEGATIVE_INFINITY
    : receivedMs + Math.min(lifetimeS - initialAgeS, revalidateS) * 1000;
}

/** Whether the route wants it to be confirmed by now, fresh or not. */
export function isDue({ receivedMs, revalidateS }: Freshness, nowMs: number): boolean {
  return revalidateS !== undefined && nowMs - receivedMs >= revalidateS * 1000;
}

/** Whether it may be served stale at once, while somebody revalidates it (RFC 5861 §3). */
export function mayServeWhileRevalidating(freshness: Freshness, nowMs: number): boolean {
  if (freshness.neverStale || freshness.alwaysRevalidate) return false;
  return remainingS(freshness, nowMs) > -freshness.staleWhileRevalidateS;
}

/** Whether it may be served stale because the request accepts that (RFC 9111 §5.2.1.2). */
export function mayServeTolerated(freshness: Freshness, nowMs: number, maxStaleS: number): boolean {
  if (freshness.neverStale || freshness.alwaysRevalidate) return false;
  return remainingS(freshness, nowMs) >= -maxStaleS;
}

/**
 * Whether it may be served because the parent failed, stale or (to a request for something newer) fresh (RFC 5861 §4).
 *
 * @param error without one, the parent answered, with a status that stands for a failure.
 */
export function mayServeOnError(freshness: Freshness, nowMs: number, error?: MeridianError): boolean {
  if (isFresh(freshness, nowMs)) return true;
  if (freshness.neverStale || freshness.alwaysRevalidate) return false;
  if (error !== undefined && isOffline(error.code)) return true;
  const { staleIfErrorS, staleIfDisconnectedS } = freshness;
  const limitS = error !== undefined && isDisconnection(error.code) ? staleIfDisconnectedS : staleIfErrorS;
  return remainingS(freshness, nowMs) > -limitS;
}

/** Whether an error shows a cache that it is disconnected: no answer of any kind has come. */
export function isDisconnection(code: string): code is ErrorCode {
  return code === 'upstream-unreachable' || code === 'upstream-timeout';
}

/** Whether an error says that nobody is asked, by the config: what is stored is then all that there is, however old. */
export function isOffline(code: string): code is ErrorCode {
  return code === 'upstream-offline';
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
