/**
 * Serves what lives here. What only some may read says so on every answer, so that a PoP asks itself whom it gives it to, for each
 * request.
 */
import type { Answer } from '../../../entry.ts';
import { formatReprDigest, fromShasum } from '../../../http/digest.ts';
import { blobAnswer, restrict, toldApart } from '../../blob-answer.ts';
import { cacheControlOf, immutable } from '../../kept-for.ts';
import { type Document, documentAnswer, etagOf } from '../answers.ts';
import type { Item, Pulling } from '../ecosystem.ts';
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
  // By `Repr-Digest` every tier checks the bytes as they stream, and keeps nothing that differs.
  const digest = fromShasum(blob);
  const headers = new Headers({
    ...fields,
    ...(digest && { etag: etagOf(digest), 'repr-digest': formatReprDigest(digest) }),
    'cache-control': isMutable ? cacheControlOf(registry.metadata, new Headers()) : immutable,
    'cache-tag': fileTag(registry.ecosystem.id, found.package, name),
    'last-modified': new Date(uploadedMs).toUTCString(),
  });
  const forSome = registry.isRestricted(found.package);
  const what = `${name} of ${found.package} ${found.version}`;
  if (ask.stored !== null && ask.stored.etag === headers.get('etag'))
    return finished({ status: 304, headers, body: null }, forSome);
  headers.set('content-type', type);
  return finished(await blobAnswer({ what, blob, sizeBytes, headers }, ask, door), forSome);
}

export interface DocumentOptions {
  /**
   * Of an index of all packages that names such as only some may read: then it is for those who may read all of the route. Absent: it names
   * what is public alone (`hosted.isPublic`).
   */
  readonly isRestricted?: boolean | undefined;
}

/** An index of what lives here: the same for everybody who may have it. */
export function serveDocument(
  item: Pick<Item, 'name'>,
  document: Document,
  at: Pulling,
  { isRestricted = false }: DocumentOptions = {},
): Answer {
  const { registry, ask } = at;
  const cacheControl = cacheControlOf(registry.metadata, new Headers());
  const forSome = isRestricted || (item.name !== null && registry.isRestricted(item.name));
  return finished(documentAnswer(document, ask.stored, cacheControl), forSome);
}

function finished(answer: Answer, isRestricted: boolean): Answer {
  if (isRestricted) restrict(answer);
  return toldApart(answer);
}
