/**
 * Answers from what was mirrored: files that never change before an upstream is asked; indexes, and what may be replaced, only where no upstream can be
 * reached, for theirs may have changed since.
 */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import { formatReprDigest, fromShasum } from '../../../http/digest.ts';
import { blobAnswer, toldApart } from '../../blob-answer.ts';
import { immutable } from '../../kept-for.ts';
import { etagOf } from '../answers.ts';
import type { Item, Pulling } from '../ecosystem.ts';
import { neverChanges } from '../item.ts';
import { asMirrored, type Mirrored, mirrorKey } from './record.ts';
import { noteUse } from './use.ts';

/** Whether the policy lets it through: asked of files, each time. */
export type Allows = (mirrored: Pick<Mirrored, 'version' | 'mirroredMs'>) => boolean | Promise<boolean>;

/** How long an index is used until the upstream is tried again. */
const indexFreshS = 30;

/**
 * Pulls, with what was mirrored before that or instead of it.
 * @param allows a file that it does not let through is pulled, which says why not.
 */
export async function orMirrored(
  item: Item,
  at: Pulling,
  pull: () => Promise<Answer>,
  allows: Allows,
): Promise<Answer> {
  if (neverChanges(item)) return (await serveMirrored(item, at, allows)) ?? pull();
  try {
    const answer = await pull();
    if (answer.status < 500) return answer;
    const kept = await serveMirrored(item, at, item.isFile === true ? allows : undefined);
    if (kept === null) return answer;
    if (answer.body instanceof ReadableStream) await answer.body.cancel();
    return kept;
  } catch (error) {
    if (!(error instanceof MeridianError) || error.row.blame !== 'upstream') throw error;
    const kept = await serveMirrored(item, at, item.isFile === true ? allows : undefined);
    if (kept === null) throw error;
    return kept;
  }
}

/** `null`: it is not mirrored, its bytes are not there, or it is not let through. */
export async function serveMirrored(item: Item, at: Pulling, allows?: Allows): Promise<Answer | null> {
  const { registry, ask, door } = at;
  const { stores } = door;
  if (stores === null) return null;
  const found = await stores.metadata.get(mirrorKey(registry.route, item));
  if (found === null) return null;
  const mirrored = asMirrored(found.value);
  const { blob, sizeBytes, type, etag, mirroredMs, isFile } = mirrored;
  if (isFile !== (item.isFile === true)) return null;
  if (allows !== undefined && !(await allows(mirrored))) return null;
  if ((await stores.blobs.stat(blob)) === null) return null;
  // Nobody waits for it, and what is not noted today is noted tomorrow.
  void noteUse(registry.clock, stores.metadata, found).catch(() => {});
  const digest = fromShasum(blob);
  const own = isFile ? registry.ecosystem.fieldsOf?.(item, { sha256: blob, sizeBytes }) : undefined;
  const headers = new Headers({
    ...own,
    'cache-control': neverChanges(item) ? immutable : `public, max-age=${indexFreshS}`,
    ...(digest && { etag: etag ?? etagOf(digest), 'repr-digest': formatReprDigest(digest) }),
    'last-modified': new Date(mirroredMs).toUTCString(),
  });
  if (ask.stored !== null && ask.stored.etag === headers.get('etag'))
    return toldApart({ status: 304, headers, body: null });
  headers.set('content-type', type);
  return toldApart(await blobAnswer({ what: item.path, blob, sizeBytes, headers }, ask, door));
}
