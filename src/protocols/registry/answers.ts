/** What the origin answers: documents that every tier below can compare, confirm and keep. */
import type { Answer, Entry } from '../../entry.ts';
import { parseCacheControl } from '../../http/cache-control.ts';
import { type Digest, formatReprDigest } from '../../http/digest.ts';
import type { FreshnessPolicy } from '../../resource.ts';
import type { Ecosystem } from './ecosystem.ts';

/** What a registry never changes; a year is the longest that caches understand. */
export const immutable = 'public, max-age=31536000, immutable';

/** How long an index is fresh where neither the route nor the upstream says it; seconds. */
const usualFreshS = 300;
/** What says that a source does not have something: the next one is asked. */
export const absentStatuses: ReadonlySet<number> = new Set([404, 410, 451]);
/** How long "there is no such thing" is kept: long enough for a crowd, short enough for a publication. */
export const absentFreshS = 10;

export interface Document {
  readonly body: string | Uint8Array;
  /** Media type. */
  readonly type: string;
  /** Strong entity tag, where clients expect a certain one; absent: one is made. */
  readonly etag?: string | undefined;
  /** Fields beside the usual ones, such as `vary`. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

/** The document; 304 when it is the stored one. */
export function documentAnswer(
  { body, type, etag: given, fields = {} }: Document,
  stored: Entry | null,
  cacheControl: string,
): Answer {
  const bytes: Uint8Array<ArrayBuffer> =
    typeof body === 'string' ? new TextEncoder().encode(body) : new Uint8Array(body);
  const digest: Digest = {
    algorithm: 'sha256',
    value: new Bun.CryptoHasher('sha256').update(bytes).digest('base64'),
  };
  const etag = given ?? etagOf(digest);
  const headers = new Headers({ etag, 'cache-control': cacheControl, ...fields });
  if (stored?.etag === etag) return { status: 304, headers, body: null };
  headers.set('content-type', type);
  headers.set('content-length', String(bytes.byteLength));
  headers.set('repr-digest', formatReprDigest(digest));
  return { status: 200, headers, body: bytes };
}

/** A strong entity tag: the same bytes get the same one in every place. */
export function etagOf({ value }: Digest): string {
  return `"${value.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '').slice(0, 27)}"`;
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
  const freshS = Math.min(policy.freshS ?? usualFreshS, Math.max(0, statedS - spentS), atMostS);
  let field = `public, max-age=${freshS}`;
  if (policy.staleWhileRevalidateS !== undefined)
    field += `, stale-while-revalidate=${policy.staleWhileRevalidateS}`;
  if (policy.staleIfErrorS !== undefined) field += `, stale-if-error=${policy.staleIfErrorS}`;
  return field;
}

/** An error as the clients of the ecosystem show it. Kept for a moment when it says that something is not there. */
export function errorAnswer(
  ecosystem: Pick<Ecosystem, 'error'>,
  status: number,
  message: string,
  freshS: number = absentFreshS,
): Answer {
  const { type, body } = ecosystem.error?.(status, message) ?? {
    type: 'text/plain; charset=utf-8',
    body: `${message}\n`,
  };
  const mayKeep = status === 403 || status === 404 || status === 410;
  return whole(status, type, body, mayKeep && freshS > 0 ? `public, max-age=${freshS}` : 'no-store');
}

/** For whoever asked, and for nobody else. */
export function ownAnswer(status: number, type: string, body: string): Answer {
  return whole(status, type, body, 'no-store');
}

function whole(status: number, type: string, text: string, cacheControl: string): Answer {
  const body = new TextEncoder().encode(text);
  const headers = new Headers({
    'content-type': type,
    'cache-control': cacheControl,
    'content-length': String(body.byteLength),
  });
  return { status, headers, body };
}
