/**
 * The answers that the origin makes: documents of the network's own making, which every tier below can
 * verify, confirm and keep, whatever the upstream's answer said or left out.
 */
import type { Answer, Entry } from '../../entry.ts';
import { parseCacheControl } from '../../http/cache-control.ts';
import type { OriginDoor } from '../../protocol.ts';
import type { FreshnessPolicy } from '../../resource.ts';
import { sourceField } from '../rendered.ts';
import { etagOf } from './integrity.ts';
import { type Source, writeSource } from './source.ts';

/** A document and its digest. */
export interface Document {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `sha-256=:<base64>:`. */
  readonly reprDigest: string;
}

/** A document of the origin's own cache. */
export type ReadDocument = Awaited<ReturnType<OriginDoor['read']>>;

/** How long a package's documents are fresh where neither the route nor the upstream says it; seconds. */
const DEFAULT_FRESH_S = 300;
/** How long "there is no such thing" is kept: long enough to absorb a crowd, short enough for a publish. */
const ABSENT_FRESH_S = 10;

/** A registry never changes a published file (one year is the longest that caches understand). */
export const immutable = 'public, max-age=31536000, immutable';

export interface Presentation {
  readonly contentType: string;
  readonly cacheControl: string;
  /** What clients are told in `Vary`: a packument's form depends on `Accept`, a PoP's coding on `Accept-Encoding`. */
  readonly vary?: string | undefined;
  readonly source?: Source | undefined;
}

/** The document, or a 304 when the stored one is the same. */
export function answerWith(document: Document, as: Presentation, stored: Entry | null): Answer {
  const etag = etagOf(document.reprDigest);
  if (stored?.etag === etag) return confirm(etag, as);
  const headers = headersOf(etag, as);
  headers.set('content-type', as.contentType);
  headers.set('content-length', String(document.bytes.byteLength));
  headers.set('repr-digest', document.reprDigest);
  return { status: 200, headers, body: document.bytes };
}

/** 304: what is stored still holds, and is fresh again. */
export function confirm(etag: string | null, as: Omit<Presentation, 'contentType'>): Answer {
  return { status: 304, headers: headersOf(etag, as), body: null };
}

function headersOf(etag: string | null, as: Omit<Presentation, 'contentType'>): Headers {
  const headers = new Headers({ 'cache-control': as.cacheControl });
  if (etag !== null) headers.set('etag', etag);
  if (as.vary !== undefined) headers.set('vary', as.vary);
  if (as.source !== undefined) headers.set(sourceField, writeSource(as.source));
  return headers;
}

/**
 * `Cache-Control` of a package's documents: the route's times, but not fresh for longer than the upstream
 * allows. An upstream's `private` and `no-store` do not count: what the network's own credentials fetch is
 * for whoever may use the route.
 * @param upstream the head that the document came with.
 * @param atMostS when the document will be another one for sure.
 */
export function cacheControlOf(
  policy: FreshnessPolicy,
  upstream: Headers,
  atMostS = Number.POSITIVE_INFINITY,
): string {
  const { sMaxAge, maxAge } = parseCacheControl(upstream.get('cache-control'));
  const statedS = sMaxAge ?? maxAge ?? Number.POSITIVE_INFINITY;
  const spentS = Number.parseInt(upstream.get('age') ?? '0', 10) || 0;
  const freshS = Math.min(policy.freshS ?? DEFAULT_FRESH_S, Math.max(0, statedS - spentS), atMostS);
  let field = `public, max-age=${freshS}`;
  if (policy.staleWhileRevalidateS !== undefined) {
    field += `, stale-while-revalidate=${policy.staleWhileRevalidateS}`;
  }
  if (policy.staleIfErrorS !== undefined) field += `, stale-if-error=${policy.staleIfErrorS}`;
  return field;
}

/** An error as npm clients show it. Kept for a moment when it says that something is not there. */
export function errorAnswer(
  status: number,
  message: string,
  retryAfter: string | null = null,
  freshS = ABSENT_FRESH_S,
): Answer {
  const passing = status === 429 || status >= 500;
  const headers = new Headers({
    'content-type': 'application/json',
    'cache-control': passing ? 'no-store' : `public, max-age=${freshS}`,
  });
  if (retryAfter !== null) headers.set('retry-after', retryAfter);
  const body = new TextEncoder().encode(`${JSON.stringify({ error: message })}\n`);
  headers.set('content-length', String(body.byteLength));
  return { status, headers, body };
}

/** Marks a refusal as one of the route's policy: what was given out before is wrong from now on (`changed.ts`). */
export const policyField = 'meridian-policy';

export function refusedAnswer(message: string, atMostS: number): Answer {
  const answer = errorAnswer(403, message, null, Math.min(ABSENT_FRESH_S, atMostS));
  answer.headers.set(policyField, 'refused');
  return answer;
}

/** For whoever asked, and for nobody else. */
export function jsonAnswer(status: number, value: unknown): Answer {
  const body = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  const headers = new Headers({
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': String(body.byteLength),
  });
  return { status, headers, body };
}

export function documentOf(text: string): Document {
  const bytes = new TextEncoder().encode(text);
  const sha256 = new Bun.CryptoHasher('sha256').update(bytes).digest('base64');
  return { bytes, reprDigest: `sha-256=:${sha256}:` };
}

/** What `OriginDoor.read` found in place of a document, as an answer to whoever wanted a part of that. */
export function passRead(found: ReadDocument): Answer {
  const headers = keepFields(found.headers, ['content-type', 'cache-control', 'retry-after']);
  headers.set('content-length', String(found.bytes.byteLength));
  return { status: found.status, headers, body: found.bytes.slice() };
}

export function keepFields(from: Headers, names: readonly string[]): Headers {
  const kept = new Headers();
  for (const name of names) {
    const value = from.get(name);
    if (value !== null) kept.set(name, value);
  }
  return kept;
}
