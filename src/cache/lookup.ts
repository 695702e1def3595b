/**
 * The look-up of a request in memory: the part of the cache that runs for every request, and all that
 * runs for a hit. No promise, no I/O, no allocation beyond its answer.
 */
import type { Freshness } from '../entry.ts';
import type { Exchange } from '../exchange.ts';
import { parseCacheControl } from '../http/cache-control.ts';
import type { CacheKey, Resource } from '../resource.ts';
import type { Equivalents } from './equivalents.ts';
import { countUse } from './eviction/policy.ts';
import { ageS, isFresh, remainingS } from './freshness.ts';
import type { Memory, Resident } from './memory.ts';
import type { Found } from './served.ts';

const nothing: Found = { outcome: 'miss', resident: null };

export function lookup(memory: Memory, resource: Resource, exchange: Exchange): Found {
  if (!isRead(exchange)) return nothing;
  const resident = memory.find(resource.key, exchange.headers);
  if (resident === null) return nothing;
  return isFreshFor(exchange, resident, resource) ? hit(resident) : { outcome: 'miss', resident };
}

/** Something fresh that is stored under another address, and that `No-Vary-Search` makes equal to this one. */
export function lookupEquivalent(
  memory: Memory,
  equivalents: Equivalents,
  resource: Resource,
  exchange: Exchange,
): Found {
  const key = equivalents.keyFor(resource);
  if (key === null || !isRead(exchange)) return nothing;
  const resident = memory.find(key, exchange.headers);
  if (resident === null || !equivalents.covers(resident.entry, resource)) return nothing;
  return isFreshFor(exchange, resident, resource) ? hit(resident) : nothing;
}

function isRead({ method }: Exchange): boolean {
  return method === 'GET' || method === 'HEAD';
}

function isFreshFor(exchange: Exchange, { freshUntilMs, entry }: Resident, resource: Resource): boolean {
  return exchange.nowMs < freshUntilMs && !wantsNewer(exchange, entry.freshness, resource);
}

/** Hits of one resident that are counted together: what is hot has thousands, and one of sixteen pays for the rest. */
const hitsPerCount = 16;

/** Told of each `hitsPerCount` hits of one resident. */
export type HitCounter = (key: CacheKey, hits: number) => void;

export function countHit(resident: Resident, counter: HitCounter): void {
  resident.hits = (resident.hits + 1) & (hitsPerCount - 1);
  if (resident.hits === 0) counter(resident.entry.key, hitsPerCount);
}

function hit(resident: Resident): Found {
  countUse(resident);
  return { outcome: 'hit', resident };
}

/**
 * Whether the request asks for something fresher than this stored response, or than anything stored at all (`null`)
 * (RFC 9111 §5.2.1). `Pragma` counts only where there is no `Cache-Control` (§5.4).
 *
 * A browser that reloads a page sends `max-age=0` for all that is in it. What is immutable and fresh need not be
 * confirmed for that (RFC 8246 §2.1); `no-cache`, which a forced reload sends, is a signal that it must, unless there can be nothing newer.
 */
export function wantsNewer(
  { headers, nowMs }: Exchange,
  freshness: Freshness | null,
  { agesByRoute, neverChanges }: Pick<Resource, 'agesByRoute' | 'neverChanges'>,
): boolean {
  if (neverChanges === true && freshness?.immutable !== false) return false;
  const value = headers.get('cache-control');
  if (value === null) {
    const pragma = headers.get('pragma');
    return pragma !== null && parseCacheControl(pragma).noCache !== false;
  }
  const { noCache, maxAge, minFresh } = parseCacheControl(value);
  if (noCache !== false) return true;
  if (freshness === null) return false;
  if (maxAge !== undefined && agesByRoute !== true && ageS(freshness, nowMs) > maxAge) {
    if (!freshness.immutable || !isFresh(freshness, nowMs)) return true;
  }
  return minFresh !== undefined && remainingS(freshness, nowMs) < minFresh;
}
