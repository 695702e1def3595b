/**
 * Answers from what was mirrored: files before an upstream is asked, for what was mirrored never changes; indexes only where no upstream can be
 * reached, for theirs may have changed since.
 */
import type { Answer } from '../../../entry.ts';
import { formatReprDigest, fromShasum } from '../../../http/digest.ts';
import { blobAnswer, toldApart } from '../../blob-answer.ts';
import { etagOf, immutable } from '../answers.ts';
import type { Item } from '../ecosystem.ts';
import type { Pulling } from '../origin.ts';
import { asMirrored, type Mirrored, mirrorKey } from './record.ts';
import { noteUse } from './use.ts';

/** How long an index is used until the upstream is tried again. */
const indexFreshS = 30;

/** `null`: it is not mirrored, its bytes are not there, or it has to be pulled to be judged. */
export async function serveMirrored(item: Item, at: Pulling): Promise<Answer | null> {
  const { registry, ask, door } = at;
  const { stores } = door;
  if (stores === null) return null;
  const found = await stores.metadata.get(mirrorKey(registry.route, item));
  if (found === null) return null;
  const mirrored = asMirrored(found.value);
  const { blob, sizeBytes, type, mirroredMs, isFile } = mirrored;
  if (isFile !== (item.isFile === true)) return null;
  if (isFile && !isLetThrough(item, mirrored, at)) return null;
  if ((await stores.blobs.stat(blob)) === null) return null;
  // Nobody waits for it, and what is not noted today is noted tomorrow.
  void noteUse(registry.clock, stores.metadata, found).catch(() => {});
  const digest = fromShasum(blob);
  const headers = new Headers({
    'cache-control': isFile ? immutable : `public, max-age=${indexFreshS}`,
    ...(digest && { etag: etagOf(digest), 'repr-digest': formatReprDigest(digest) }),
    'last-modified': new Date(mirroredMs).toUTCString(),
  });
  if (ask.stored !== null && ask.stored.etag === headers.get('etag'))
    return toldApart({ status: 304, headers, body: null });
  headers.set('content-type', type);
  return toldApart(await blobAnswer({ what: item.path, blob, sizeBytes, headers }, ask, door));
}

/**
 * Whether the policy lets it through whatever its index says, which is not looked at here: as if it had been published when it was
 * mirrored.
 */
function isLetThrough({ name }: Item, { version, mirroredMs }: Mirrored, { registry }: Pulling): boolean {
  if (registry.policy === null || name === null || version === null) return true;
  return registry.policy.judgeOf(name).against({ version, publishedMs: mirroredMs }) === null;
}
