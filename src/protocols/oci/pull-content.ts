/** What a digest names: a manifest, or a blob. */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { parseContentRange } from '../../http/range.ts';
import type { Ask, PartAsk } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import { immutable } from '../kept-for.ts';
import { confirmed, fieldsOf, longestManifest, manifestAnswer, wholeOf } from './answers.ts';
import { type Digest, etagOf } from './digest.ts';
import type { ContentItem } from './key.ts';
import { manifestType } from './media.ts';
import type { OciOrigin } from './origin.ts';
import { isSigned, signedAnswer } from './schema1.ts';
import type { Place } from './sources.ts';
import { accepting, ask as askUpstream, discard, passError } from './upstream.ts';

/** Small, and wanted whole: its layers are fetched ahead. */
export async function pullManifest(
  oci: OciOrigin,
  { name, digest }: ContentItem,
  place: Place,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const stored = confirmed(digest, ask.stored, immutable);
  if (stored !== null) return stored;
  const subject = `${name}@${digest}`;
  const method = ask.exchange.method === 'HEAD' ? 'HEAD' : 'GET';
  const question = { method, path: `manifests/${digest}`, headers: accepting(), signal: ask.signal } as const;
  const answer = await askUpstream(place, question, origin, oci.tokens);
  if (answer.status !== 200) return passError(answer, 'MANIFEST_UNKNOWN', subject);
  const type = manifestType(answer.headers.get('content-type'));
  if (method === 'HEAD') return bodiless(answer, digest, type);
  const bytes = await wholeOf(answer, longestManifest, subject);
  if (isSigned(type)) return signedAnswer(digest, bytes, type, immutable);
  oci.ahead.foresee(name, bytes, ask, origin);
  return manifestAnswer(digest, type, bytes, immutable);
}

/** As it streams. A part is handed on as one, for who reads ahead of the whole. */
export async function pullBlob(
  oci: OciOrigin,
  { name, digest }: ContentItem,
  place: Place,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const stored = confirmed(digest, ask.stored, immutable);
  if (stored !== null) return stored;
  const subject = `${name}@${digest}`;
  const path = `blobs/${digest}`;
  const send = (method: 'GET' | 'HEAD', range: string | null) => {
    const headers = new Headers({ accept: '*/*', 'accept-encoding': 'identity' });
    if (range !== null) headers.set('range', range);
    return askUpstream(place, { method, path, headers, signal: ask.signal }, origin, oci.tokens);
  };
  if (ask.exchange.method === 'HEAD') return sizeOf(send, digest, subject);
  const range = rangeToAsk(digest, ask.part);
  const answer = await send('GET', range);
  if (range !== null && (answer.status === 206 || answer.status === 416)) return partAnswer(answer, digest);
  if (answer.status !== 200) return passError(answer, 'BLOB_UNKNOWN', subject);
  const headers = fieldsOf(digest, immutable);
  headers.set('content-type', 'application/octet-stream');
  keep(answer.headers, ['content-length', 'meridian-unframed'], headers);
  return { status: 200, headers, body: answer.body };
}

type Send = (method: 'GET' | 'HEAD', range: string | null) => Promise<Answer>;

/** Places that blobs are redirected to may refuse a HEAD: their addresses are often signed for GET alone. */
const withoutHead: ReadonlySet<number> = new Set([400, 403, 405, 501]);

async function sizeOf(send: Send, digest: Digest, subject: string): Promise<Answer> {
  const head = await send('HEAD', null);
  if (head.status === 200) return bodiless(head, digest, null);
  if (!withoutHead.has(head.status)) return passError(head, 'BLOB_UNKNOWN', subject);
  await discard(head);
  const first = await send('GET', 'bytes=0-0');
  if (first.status === 200) return bodiless(first, digest, null);
  if (first.status !== 206) return passError(first, 'BLOB_UNKNOWN', subject);
  const size = parseContentRange(first.headers.get('content-range') ?? '')?.size;
  if (size === undefined) throw new MeridianError('upstream-invalid', `Nobody says how long ${subject} is.`);
  first.headers.set('content-length', String(size));
  return bodiless(first, digest, null);
}

async function bodiless(answer: Answer, digest: Digest, type: string | null): Promise<Answer> {
  await discard(answer);
  const headers = fieldsOf(digest, immutable);
  headers.set('content-type', type ?? 'application/octet-stream');
  keep(answer.headers, ['content-length'], headers);
  return { status: 200, headers, body: null };
}

/** One range, of the bytes that the digest names: the upstream's own validators are nobody's business. */
function rangeToAsk(digest: Digest, part: PartAsk | null | undefined): string | null {
  if (!part || !/^bytes=(?:\d+-\d*|-\d+)$/.test(part.range)) return null;
  return part.ifRange == null || part.ifRange === etagOf(digest) ? part.range : null;
}

function partAnswer(answer: Answer, digest: Digest): Answer {
  const { status, body } = answer;
  const headers = fieldsOf(digest, immutable);
  headers.set('content-type', 'application/octet-stream');
  keep(answer.headers, ['content-length', 'content-range', 'meridian-unframed'], headers);
  return { status, headers, body };
}

function keep(from: Headers, names: readonly string[], to: Headers): void {
  for (const name of names) {
    const value = from.get(name);
    if (value !== null) to.set(name, value);
  }
}
