/**
 * Serves what lives here. What only some may read says so on every answer, so that a PoP asks itself whom it gives it to, for each
 * request.
 */
import type { Answer } from '../../../entry.ts';
import { formatReprDigest, fromShasum, hashOf } from '../../../http/digest.ts';
import { blobAnswer, restrict, toldApart } from '../../blob-answer.ts';
import { immutable, ownCacheControl } from '../../kept-for.ts';
import type { Item } from '../ecosystem.ts';
import type { Pulling } from '../origin.ts';
import type { FoundFile } from './find.ts';
import { fileTag } from './tell.ts';

export interface ServeOptions {
  /** It may be replaced: caches keep it as they keep indexes. */
  readonly isMutable?: boolean | undefined;
  /** Further fields of the answer. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

/** Whole, in part, or that it is what is stored. @param type media type. @throws `blob-damaged`. */
export async function serveFile(
  found: FoundFile,
  type: string,
  at: Pulling,
  { isMutable = false, fields = {} }: ServeOptions = {},
): Promise<Answer> {
  const { registry, ask, door } = at;
  const { blob, sizeBytes, uploadedMs, name } = found;
  const headers = new Headers({
    ...fields,
    ...fieldsOf(blob, isMutable ? ownCacheControl(registry.metadata) : immutable),
    'cache-tag': fileTag(registry.ecosystem.id, found.package, name),
    'last-modified': new Date(uploadedMs).toUTCString(),
  });
  const forSome = isForSome(at, found.package);
  const what = `${name} of ${found.package} ${found.version}`;
  if (isStored(ask, headers)) return finished({ status: 304, headers, body: null }, forSome);
  headers.set('content-type', type);
  return finished(await blobAnswer({ what, blob, sizeBytes, headers }, ask, door), forSome);
}

export interface DocumentOptions extends Pick<ServeOptions, 'fields'> {
  /**
   * Of an index of all packages that names such as only some may read: then it is for those who may read all of the route. Absent: it names
   * what is public alone (`hosted.isPublic`).
   */
  readonly isRestricted?: boolean | undefined;
}

/** An index of what lives here: the same for everybody who may have it. */
export async function serveDocument(
  item: Pick<Item, 'name'>,
  { body, type }: { readonly body: string | Uint8Array; readonly type: string },
  at: Pulling,
  { fields = {}, isRestricted = false }: DocumentOptions = {},
): Promise<Answer> {
  const { registry, ask } = at;
  const forSome = isRestricted || (item.name !== null && isForSome(at, item.name));
  const bytes = new Uint8Array(typeof body === 'string' ? new TextEncoder().encode(body) : body);
  const digest = Buffer.from(hashOf(bytes, 'sha256'), 'base64').toString('hex');
  const headers = new Headers({ ...fields, ...fieldsOf(digest, ownCacheControl(registry.metadata)) });
  if (isStored(ask, headers)) return finished({ status: 304, headers, body: null }, forSome);
  headers.set('content-type', type);
  headers.set('content-length', String(bytes.byteLength));
  const isHead = ask.exchange.method === 'HEAD';
  return finished({ status: 200, headers, body: isHead ? null : bytes }, forSome);
}

/** By `Repr-Digest` every tier checks the bytes as they stream, and keeps nothing that differs. */
function fieldsOf(sha256: string, cacheControl: string): Record<string, string> {
  const digest = fromShasum(sha256);
  return {
    'cache-control': cacheControl,
    etag: `"${sha256}"`,
    ...(digest && { 'repr-digest': formatReprDigest(digest) }),
  };
}

function isStored({ stored }: Pulling['ask'], headers: Headers): boolean {
  return stored !== null && stored.etag === headers.get('etag');
}

function finished(answer: Answer, isRestricted: boolean): Answer {
  if (isRestricted) restrict(answer);
  return toldApart(answer);
}

function isForSome({ registry }: Pulling, name: string): boolean {
  return registry.hosted?.isPublic(name) !== true;
}
