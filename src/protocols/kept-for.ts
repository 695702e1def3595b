/** How long what an origin answers may be kept. */
import type { FreshnessPolicy } from '../resource.ts';

/** What its digest names never changes; a year is the longest that caches understand. */
export const immutable = 'public, max-age=31536000, immutable';
const usualFreshS = 60;

/** Of what may change: tags, lists, indexes. */
export function ownCacheControl({
  freshS = usualFreshS,
  staleWhileRevalidateS,
  staleIfErrorS,
}: FreshnessPolicy): string {
  let field = `public, max-age=${freshS}`;
  if (staleWhileRevalidateS !== undefined) field += `, stale-while-revalidate=${staleWhileRevalidateS}`;
  if (staleIfErrorS !== undefined) field += `, stale-if-error=${staleIfErrorS}`;
  return field;
}
