/**
 * The answers that the origin makes: documents of the network's own making, which every tier below can
 * verify, confirm and keep, whatever the upstream's answer said or left out.
 */
import type { Answer, Entry } from '../../entry.ts';
import type { OriginDoor } from '../../protocol.ts';
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

/** How long "there is no such thing" is kept: long enough to absorb a crowd, short enough for a publish. */
const ABSENT_FRESH_S = 10;

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
