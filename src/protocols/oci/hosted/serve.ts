/**
 * Serves repositories that live here. What only some may read says so on every answer, so that a PoP asks itself whom it gives it to,
 * for each request.
 */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import { contentRange, parseRange, type Range, rangeBytes } from '../../../http/range.ts';
import { ownTarget } from '../../../http/targeted.ts';
import { accessField, restrictedValue } from '../../../identity.ts';
import type { Ask } from '../../../parent.ts';
import type { OriginDoor } from '../../../protocol.ts';
import type { Sha256 } from '../../../store.ts';
import { confirmed, fieldsOf } from '../answers.ts';
import { immutable, ownCacheControl } from '../cache-control.ts';
import { type Digest, etagOf } from '../digest.ts';
import { errorAnswer } from '../errors.ts';
import type { Item } from '../key.ts';
import { storesOf } from './claims.ts';
import type { Home } from './home.ts';
import { serveReferrers, serveTags } from './lists.ts';
import { findBlob, findManifest, findTag, type Where } from './record.ts';

export async function serve(home: Home, item: Item, ask: Ask, origin: OriginDoor): Promise<Answer> {
  const answer = await find(home, { route: home.route, name: item.name }, item, ask, origin);
  if (!home.hosted.isPublic(item.name)) answer.headers.set(accessField, restrictedValue);
  return toldApart(answer);
}

/**
 * Our own caches are told of every change, and those of clients are not; and what is restricted is kept by no proxy of
 * theirs.
 */
function toldApart(answer: Answer): Answer {
  const { headers } = answer;
  const stated = headers.get('cache-control') ?? 'no-store';
  if (stated === 'no-store') return answer;
  const who = headers.get(accessField) === restrictedValue ? 'private' : 'public';
  headers.set(ownTarget, stated);
  headers.set('cache-control', stated === immutable ? immutable.replace('public', who) : `${who}, no-cache`);
  return answer;
}

async function find(home: Home, at: Where, item: Item, ask: Ask, origin: OriginDoor): Promise<Answer> {
  switch (item.kind) {
    case 'tag':
      return serveTag(home, at, item.tag, ask, origin);
    case 'manifest':
      return serveManifest(at, item.digest, immutable, ask, origin);
    case 'blob':
      return serveBlob(at, item.digest, ask, origin);
    case 'tags':
      return serveTags(home, at, new URLSearchParams(item.query), ask.stored, origin);
    case 'referrers':
      return serveReferrers(home, at, item.digest, new URLSearchParams(item.query), ask.stored, origin);
  }
}

async function serveTag(home: Home, at: Where, tag: string, ask: Ask, origin: OriginDoor): Promise<Answer> {
  const found = await findTag(storesOf(origin).metadata, at, tag);
  if (found === null) return errorAnswer(404, 'MANIFEST_UNKNOWN', `There is no ${at.name}:${tag}.`);
  return serveManifest(at, found.digest, ownCacheControl(home.metadata), ask, origin);
}

async function serveManifest(
  at: Where,
  digest: Digest,
  cacheControl: string,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const found = await findManifest(storesOf(origin).metadata, at, digest);
  if (found === null) return errorAnswer(404, 'MANIFEST_UNKNOWN', `There is no ${at.name}@${digest}.`);
  const { blob, sizeBytes, mediaType } = found;
  return content({ digest, blob, sizeBytes, mediaType, cacheControl }, ask, origin);
}

async function serveBlob(at: Where, digest: Digest, ask: Ask, origin: OriginDoor): Promise<Answer> {
  const found = await findBlob(storesOf(origin).metadata, at, digest);
  if (found === null) return errorAnswer(404, 'BLOB_UNKNOWN', `There is no ${at.name}@${digest}.`);
  const as = { mediaType: 'application/octet-stream', cacheControl: immutable };
  return content({ digest, ...found, ...as }, ask, origin);
}

interface Content {
  readonly digest: Digest;
  readonly blob: Sha256;
  readonly sizeBytes: number;
  readonly mediaType: string;
  readonly cacheControl: string;
}

async function content(
  { digest, blob, sizeBytes, mediaType, cacheControl }: Content,
  { exchange, stored, part }: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const same = confirmed(digest, stored, cacheControl);
  if (same !== null) return same;
  const headers = fieldsOf(digest, cacheControl);
  headers.set('content-type', mediaType);
  const range = partOf(part, digest, sizeBytes);
  const length = range === null ? sizeBytes : rangeBytes(range);
  headers.set('content-length', String(length));
  if (range !== null) headers.set('content-range', contentRange(range, sizeBytes));
  const status = range === null ? 200 : 206;
  if (exchange.method === 'HEAD') return { status, headers, body: null };
  const opened = await storesOf(origin).blobs.open(
    blob,
    range === null ? undefined : { from: range.start, to: range.end },
  );
  if (opened === null) throw new MeridianError('blob-damaged', `The bytes of ${digest} are missing.`);
  // Nodes alone ask an origin, and all of them compare what they get. What has another length is damaged.
  const file = opened.sizeBytes === sizeBytes ? opened.file : undefined;
  return { status, headers, body: opened.body, file };
}

/** Of what is asked for in part; `null`: the whole, which may always be given. */
function partOf(part: Ask['part'], digest: Digest, sizeBytes: number): Range | null {
  if (!part || (part.ifRange && part.ifRange !== etagOf(digest))) return null;
  const wanted = parseRange(part.range, sizeBytes);
  return Array.isArray(wanted) && wanted.length === 1 ? (wanted[0] ?? null) : null;
}
