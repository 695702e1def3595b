/**
 * The look-up of a request in memory: the part of the cache that runs for every request, and all that
 * runs for a hit. No promise, no I/O, no allocation beyond its answer.
 */
import type { Exchange } from '../exchange.ts';
import { parseCacheControl } from '../http/cache-control.ts';
import type { Resource } from '../resource.ts';
import { countUse } from './eviction/policy.ts';
import { ageS, remainingS } from './freshness.ts';
import type { Memory, Resident } from './memory.ts';
import type { Found } from './served.ts';

const nothing: Found = { outcome: 'miss', resident: null };

export function lookup(memory: Memory, resource: Resource, exchange: Exchange): Found {
  if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return nothing;
  const resident = memory.find(resource.key, exchange.headers);
  if (resident === null) return nothing;
  if (exchange.nowMs >= resident.freshUntilMs || asksForNewer(exchange, resident)) {
    return { outcome: 'miss', resident };
  }
  countUse(resident);
  return { outcome: 'hit', resident };
}

function asksForNewer(exchange: Exchange, { entry }: Resident): boolean {
  const value = exchange.headers.get('cache-control');
  if (value === null) return exchange.headers.get('pragma') === 'no-cache';
  const { freshness } = entry;
  return wantsNewer(exchange, ageS(freshness, exchange.nowMs), remainingS(freshness, exchange.nowMs));
}

/**
 * Whether the request asks for something fresher than a stored response of this age (RFC 9111 §5.2.1, §5.4).
 */
export function wantsNewer(exchange: Exchange, age: number, remaining: number): boolean {
  const value = exchange.headers.get('cache-control');
  if (value === null) return exchange.headers.get('pragma') === 'no-cache';
  const control = parseCacheControl(value);
  if (control.noCache !== false) return true;
  if (control.maxAge !== undefined && age > control.maxAge) return true;
  return control.minFresh !== undefined && remaining < control.minFresh;
}
