/** What the origin answers: documents that every tier below can compare, confirm and keep. */
import type { Answer, Entry } from '../../entry.ts';
import { type Digest, formatReprDigest } from '../../http/digest.ts';
import type { Ecosystem } from './ecosystem.ts';

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
