/** What a tag means now. */
import type { Answer } from '../../entry.ts';
import type { Ask } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import { ownCacheControl } from '../kept-for.ts';
import { confirmed, copied, longestManifest, manifestAnswer, wholeOf } from './answers.ts';
import { digestOf, readDigest } from './digest.ts';
import type { TagItem } from './key.ts';
import { manifestType } from './media.ts';
import { manifestResource } from './name.ts';
import type { OciOrigin } from './origin.ts';
import { isSigned, signedAnswer } from './schema1.ts';
import type { Place } from './sources.ts';
import { accepting, ask as askUpstream, discard, passError } from './upstream.ts';

/** Registries that know no HEAD here say so in one of these ways. */
const withoutHead: ReadonlySet<number> = new Set([400, 405, 501]);

/** Asked by HEAD, which registries do not count as a pull; the manifest itself is kept by its digest. */
export async function pullTag(
  oci: OciOrigin,
  item: TagItem,
  place: Place,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const { name, tag } = item;
  const question = {
    method: 'HEAD',
    path: `manifests/${tag}`,
    headers: accepting(),
    signal: ask.signal,
  } as const;
  const head = await askUpstream(place, question, origin, oci.tokens);
  if (withoutHead.has(head.status)) {
    await discard(head);
    return pullUnnamed(oci, item, place, ask, origin);
  }
  if (head.status !== 200) return passError(head, 'MANIFEST_UNKNOWN', `${name}:${tag}`);
  await discard(head);
  const digest = readDigest(head.headers.get('docker-content-digest') ?? '');
  if (digest === null) return pullUnnamed(oci, item, place, ask, origin);
  const cacheControl = ownCacheControl(oci.metadata);
  const stored = confirmed(digest, ask.stored, cacheControl);
  if (stored !== null) return stored;
  const reload = (await oci.met?.(name, tag, digest)) ?? false;
  const resource = manifestResource(oci.route, name, digest);
  const { status, headers, bytes } = await origin.read(
    resource,
    { ...ask, stored: null, reload },
    longestManifest,
  );
  if (status !== 200) return { status, headers, body: copied(bytes) };
  const type = headers.get('content-type');
  return isSigned(type)
    ? signedAnswer(digest, copied(bytes), type, cacheControl)
    : manifestAnswer(digest, type, copied(bytes), cacheControl);
}

/** A registry that does not say the digest: it is made of the bytes. */
async function pullUnnamed(
  oci: OciOrigin,
  { name, tag }: TagItem,
  place: Place,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const question = {
    method: 'GET',
    path: `manifests/${tag}`,
    headers: accepting(),
    signal: ask.signal,
  } as const;
  const answer = await askUpstream(place, question, origin, oci.tokens);
  const subject = `${name}:${tag}`;
  if (answer.status !== 200) return passError(answer, 'MANIFEST_UNKNOWN', subject);
  const bytes = await wholeOf(answer, longestManifest, subject);
  const type = manifestType(answer.headers.get('content-type'));
  const cacheControl = ownCacheControl(oci.metadata);
  if (isSigned(type)) return signedAnswer(null, bytes, type, cacheControl);
  const digest = digestOf(bytes);
  const stored = confirmed(digest, ask.stored, cacheControl);
  if (stored !== null) return stored;
  oci.ahead.foresee(name, bytes, ask, origin);
  return manifestAnswer(digest, type, bytes, cacheControl);
}
