/**
 * Serves repositories that live here. What only some may read says so on every answer, so that a PoP asks itself whom it gives it to,
 * for each request.
 */
import type { Answer } from '../../../entry.ts';
import type { Ask } from '../../../parent.ts';
import type { OriginDoor } from '../../../protocol.ts';
import type { Sha256 } from '../../../store.ts';
import { blobAnswer, restrict, toldApart } from '../../blob-answer.ts';
import { immutable, ownCacheControl } from '../../kept-for.ts';
import { confirmed, fieldsOf } from '../answers.ts';
import type { Digest } from '../digest.ts';
import { errorAnswer } from '../errors.ts';
import type { Item } from '../key.ts';
import { storesOf } from './claims.ts';
import type { Home } from './home.ts';
import { serveReferrers, serveTags } from './lists.ts';
import { findBlob, findManifest, findTag, type Where } from './record.ts';

export async function serve(home: Home, item: Item, ask: Ask, origin: OriginDoor): Promise<Answer> {
  const answer = await find(home, { route: home.route, name: item.name }, item, ask, origin);
  if (!home.hosted.isPublic(item.name)) restrict(answer);
  return toldApart(answer);
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
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const same = confirmed(digest, ask.stored, cacheControl);
  if (same !== null) return same;
  const headers = fieldsOf(digest, cacheControl);
  headers.set('content-type', mediaType);
  return blobAnswer({ what: digest, blob, sizeBytes, headers }, ask, origin);
}
