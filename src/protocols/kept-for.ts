/** How long what an origin answers may be kept. */
import { parseCacheControl } from '../http/cache-control.ts';
import type { FreshnessPolicy } from '../resource.ts';

/** What its digest names never changes; a year is the longest that caches understand. */
export const immutable = 'public, max-age=31536000, immutable';
const usualFreshS = 60;
/** Of an index of an upstream, where neither the route nor the upstream says it; seconds. */
const indexFreshS = 300;

/** Of what may change: tags, lists, indexes. */
export function ownCacheControl(policy: FreshnessPolicy): string {
  return stated(policy.freshS ?? usualFreshS, policy);
}

/**
 * `Cache-Control` of an index: the route's times, but not fresh for longer than the upstream allows. An upstream's `private` and
 * `no-store` do not count: what the network's own credentials fetch is for whoever may use the route.
 * @param upstream the head that it came with.
 * @param atMostS when it will be another one for sure.
 */
export function cacheControlOf(
  policy: FreshnessPolicy,
  upstream: Headers,
  atMostS = Number.POSITIVE_INFINITY,
): string {
  const { sMaxAge, maxAge } = parseCacheControl(upstream.get('cache-control'));
  const statedS = sMaxAge ?? maxAge ?? Number.POSITIVE_INFINITY;
  const spentS = Number.parseInt(upstream.get('age') ?? '0', 10) || 0;
  const freshS = Math.min(policy.freshS ?? indexFreshS, Math.max(0, statedS - spentS), atMostS);
  return stated(freshS, policy);
}

function stated(freshS: number, { staleWhileRevalidateS, staleIfErrorS }: FreshnessPolicy): string {
  let field = `public, max-age=${freshS}`;
  if (staleWhileRevalidateS !== undefined) field += `, stale-while-revalidate=${staleWhileRevalidateS}`;
  if (staleIfErrorS !== undefined) field += `, stale-if-error=${staleIfErrorS}`;
  return field;
}
