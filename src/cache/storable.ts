/**
 * Whether a response may be stored, and shared with others who wait for it (RFC 9111 §3).
 */
import type { Answer } from '../entry.ts';
import type { Exchange } from '../exchange.ts';
import { parseCacheControl } from '../http/cache-control.ts';
import { varyNames } from '../http/vary.ts';
import type { FreshnessPolicy, Resource } from '../resource.ts';
import { explicitLifetime } from './freshness.ts';

/** Final statuses that may be stored without explicit freshness (RFC 9110 §15.1); 206 needs range support. */
const heuristicallyCacheable = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);

/** Why a response is not stored: the `detail` of `Cache-Status`. `null`: it is. */
export type Refusal =
  | 'method'
  | 'status'
  | 'no-store'
  | 'private'
  | 'authorization'
  | 'vary'
  | 'cookie'
  | 'unframed'
  | 'no-freshness'
  | null;

export function refusalToStore(
  exchange: Exchange,
  resource: Resource,
  answer: Answer,
  receivedMs: number,
): Refusal {
  const { headers, status } = answer;
  const control = parseCacheControl(headers.get('cache-control'));
  if (exchange.method !== 'GET') return 'method';
  if (status < 200 || status === 206 || status === 304) return 'status';
  if (control.noStore) return 'no-store';
  if (control.private !== false) return 'private';
  if (varyNames(headers.get('vary') ?? '') === '*') return 'vary';
  // A body whose end nothing marks may have been cut off unnoticed; a digest would tell.
  if (headers.has('meridian-unframed') && !headers.has('repr-digest')) return 'unframed';

  const stated = explicitLifetime(headers, receivedMs) !== undefined;
  if (!stated && !heuristicallyCacheable.has(status)) return 'status';
  if (resource.ask === 'client') {
    const request = parseCacheControl(exchange.headers.get('cache-control'));
    if (request.noStore) return 'no-store';
    if (exchange.headers.has('authorization')) {
      const shareable = control.public || control.mustRevalidate || control.sMaxAge !== undefined;
      if (!shareable) return 'authorization'; // RFC 9111 §3.5
    }
    // Without a word of its own about freshness, an answer to or with a cookie may well be personal.
    if (!stated && (headers.has('set-cookie') || exchange.headers.has('cookie'))) return 'cookie';
  }
  const byPolicy = policyFor(resource, status)?.freshS !== undefined;
  return stated || byPolicy || headers.has('etag') || headers.has('last-modified') ? null : 'no-freshness';
}

/** The route's own times are meant for successes; an error is kept only for as long as it says itself. */
export function policyFor(resource: Resource, status: number): FreshnessPolicy | undefined {
  return status < 400 ? resource.freshness : undefined;
}
