/**
 * Whether a response may be stored, and shared with others who wait for it (RFC 9111 §3).
 */
import type { Exchange } from '../exchange.ts';
import { parseCacheControl } from '../http/cache-control.ts';
import { codings } from '../http/encoding.ts';
import { varyNames } from '../http/vary.ts';
import type { FreshnessPolicy, Resource } from '../resource.ts';
import { explicitLifetime } from './freshness.ts';

/** Final statuses that may be stored without explicit freshness (RFC 9110 §15.1); 206 needs range support. */
const heuristicallyCacheable = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);

/** Why a response is not stored: the `detail` of `Cache-Status`. */
export type Refusal =
  | 'method'
  /** The request forbids it. */
  | 'request'
  | 'status'
  | 'no-store'
  | 'private'
  | 'authorization'
  | 'vary'
  | 'coding'
  | 'cookie'
  | 'unframed'
  | 'no-freshness'
  | 'too-large';

interface Received {
  readonly status: number;
  readonly headers: Headers;
}

/** `null`: it may be stored. */
export function refusalToStore(
  exchange: Exchange,
  resource: Resource,
  answer: Received,
  receivedMs: number,
): Refusal | null {
  const { headers, status } = answer;
  const control = parseCacheControl(headers.get('cache-control'));
  if (status < 200 || status === 206 || status === 304) return 'status';
  if (control.noStore) return 'no-store';
  if (control.private !== false) return 'private';
  const vary = varyNames(headers.get('vary') ?? '');
  if (vary === '*') return 'vary';
  // A body whose end nothing marks may have been cut off unnoticed; a digest would tell.
  if (headers.has('meridian-unframed') && !headers.has('repr-digest')) return 'unframed';

  const stated = explicitLifetime(headers, receivedMs) !== undefined;
  if (!stated && !heuristicallyCacheable.has(status)) return 'status';
  const personal = resource.ask === 'client' ? refusalByClient(exchange, answer, vary, stated) : null;
  if (personal !== null) return personal;
  const byPolicy = policyFor(resource, status)?.freshS !== undefined;
  return stated || byPolicy || headers.has('etag') || headers.has('last-modified') ? null : 'no-freshness';
}

/** What only matters where the parent was asked with the client's own fields. */
function refusalByClient(
  exchange: Exchange,
  { headers }: Received,
  vary: readonly string[],
  stated: boolean,
): Refusal | null {
  const control = parseCacheControl(headers.get('cache-control'));
  const shareable = control.public || control.sMaxAge !== undefined;
  if (exchange.headers.has('authorization') && !shareable && !control.mustRevalidate) {
    return 'authorization'; // RFC 9111 §3.5
  }
  // RFC 9111 §7.3 leaves Set-Cookie to the server's word: a mere max-age, which is meant for browsers, is not one.
  if (headers.has('set-cookie') && !shareable) return 'cookie';
  if (exchange.headers.has('cookie') && !stated) return 'cookie';
  // A variant of one client, told apart by its secrets: of use to nobody else, and no thing to keep on a disk.
  if (vary.some((name) => secrets.has(name) && exchange.headers.has(name))) return 'vary';
  return vary.includes('accept-encoding') && !isKnownCoding(headers) ? 'coding' : null;
}

const secrets: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/**
 * Variants by `Accept-Encoding` are told apart by the codings that Meridian knows. One in another coding would
 * go to clients that do not understand it.
 */
function isKnownCoding(headers: Headers): boolean {
  const coding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  return codings.some((known) => known === coding) || coding === 'x-gzip';
}

/** The request forbids to store any part of its answer (RFC 9111 §5.2.1.5). */
export function refusesStore({ headers }: Exchange): boolean {
  return parseCacheControl(headers.get('cache-control')).noStore;
}

/** Whether the answer to a request may depend on who asks. */
export function isPersonal({ ask }: Resource, { headers }: Exchange): boolean {
  return ask === 'client' && (headers.has('authorization') || headers.has('cookie'));
}

/** The route's own times are meant for successes; an error is kept only for as long as it says itself. */
export function policyFor(resource: Resource, status: number): FreshnessPolicy | undefined {
  return status < 400 ? resource.freshness : undefined;
}
