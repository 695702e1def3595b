/**
 * Whether a response may be stored, and shared with others who wait for it (RFC 9111 §3).
 */
import type { Exchange } from '../exchange.ts';
import { type CacheControl, parseCacheControl } from '../http/cache-control.ts';
import { codings } from '../http/encoding.ts';
import { cachingPolicy } from '../http/targeted.ts';
import { varyNames } from '../http/vary.ts';
import type { FreshnessPolicy, Resource } from '../resource.ts';
import { explicitLifetime } from './freshness.ts';

/** Final statuses that may be stored without explicit freshness (RFC 9110 §15.1); 206 needs range support. */
const heuristicallyCacheable: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501,
]);

/** The other final statuses of RFC 9110 §15, none of which asks anything more of a cache. */
const understood: ReadonlySet<number> = new Set([
  201, 202, 205, 302, 303, 305, 307, 400, 401, 402, 403, 406, 407, 408, 409, 411, 412, 413, 415, 416, 417,
  421, 422, 426, 500, 502, 503, 504, 505,
]);

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
  const { control } = cachingPolicy(headers);
  if (status < 200 || status === 206 || status === 304) return 'status';
  // Who says must-understand says no-store as well, to the caches that do not know the directive (RFC 9111 §5.2.2.3).
  if (control.mustUnderstand && !isUnderstood(status)) return 'status';
  if (control.noStore && !control.mustUnderstand) return 'no-store';
  // One that names fields is about those alone: they are not stored (`head.ts`).
  if (control.private === true) return 'private';
  const vary = varyNames(headers.get('vary') ?? '');
  if (vary === '*') return 'vary';
  // A body whose end nothing marks may have been cut off unnoticed; a digest would tell.
  if (headers.has('meridian-unframed') && !headers.has('repr-digest')) return 'unframed';

  const stated = explicitLifetime(headers, receivedMs) !== undefined;
  const byPolicy = policyFor(resource, status)?.freshS !== undefined;
  const isNegative = byPolicy && status >= 400;
  if (!stated && !isNegative && !control.public && !heuristicallyCacheable.has(status)) return 'status';
  const personal =
    resource.ask === 'client' ? refusalByClient(exchange, resource, answer, vary, stated) : null;
  if (personal !== null) return personal;
  return stated || byPolicy || headers.has('etag') || headers.has('last-modified') ? null : 'no-freshness';
}

/** What only matters where the parent was asked with the client's own fields. */
function refusalByClient(
  exchange: Exchange,
  { keepsCookies }: Resource,
  { headers }: Received,
  vary: readonly string[],
  stated: boolean,
): Refusal | null {
  const { control } = cachingPolicy(headers);
  const shareable = control.public || control.sMaxAge !== undefined;
  if (exchange.headers.has('authorization') && !shareable && !control.mustRevalidate) {
    return 'authorization'; // RFC 9111 §3.5
  }
  // Set-Cookie does not keep a response from being stored (RFC 9111 §7.3), but it takes the server's word that it may
  // be: a guess from Last-Modified would hand one client's session to another.
  if (setsCookie(headers, control) && (keepsCookies === false || !(stated || control.public)))
    return 'cookie';
  if (exchange.headers.has('cookie') && !stated) return 'cookie';
  // A variant of one client, told apart by its secrets: of use to nobody else, and no thing to keep on a disk.
  if (vary.some((name) => secrets.has(name) && exchange.headers.has(name))) return 'vary';
  return vary.includes('accept-encoding') && !isKnownCoding(headers) ? 'coding' : null;
}

/** Not where it is left out of what is stored: `private="set-cookie"`, `no-cache="set-cookie"`. */
function setsCookie(headers: Headers, control: CacheControl): boolean {
  return headers.has('set-cookie') && !withheldFields(control).includes('set-cookie');
}

/** The fields that are not to be stored with their response: those that `private` and `no-cache` name (RFC 9111 §5.2.2.4, §5.2.2.7). */
export function withheldFields(control: CacheControl): readonly string[] {
  if (typeof control.private === 'boolean' && typeof control.noCache === 'boolean') return none;
  const named = [control.private, control.noCache].filter((each) => typeof each !== 'boolean');
  return named.flat();
}

const none: readonly string[] = [];

function isUnderstood(status: number): boolean {
  return heuristicallyCacheable.has(status) || understood.has(status);
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

/** The request forbids to store any part of its answer (RFC 9111 §5.2.1.5), and it is not the same for all, for good. */
export function refusesStore(
  { headers }: Exchange,
  { neverChanges }: Pick<Resource, 'neverChanges'>,
): boolean {
  if (neverChanges === true) return false;
  return parseCacheControl(headers.get('cache-control')).noStore;
}

/** Whether the answer to a request may depend on who asks. */
export function isPersonal({ ask }: Resource, { headers }: Exchange): boolean {
  return ask === 'client' && (headers.has('authorization') || headers.has('cookie'));
}

/**
 * The route's times for responses that carry none. Those for successes are not meant for errors, which are kept
 * for as long as they say themselves, or for the short time that the route has for them.
 */
export function policyFor(resource: Resource, status: number): FreshnessPolicy | undefined {
  if (status < 400) return resource.freshness;
  const { negative } = resource;
  return negative?.statuses.includes(status) ? { freshS: negative.freshS } : undefined;
}
