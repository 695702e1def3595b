/**
 * Takes in a manifest, byte for byte (OCI Distribution Specification 1.1, Pushing Manifests). All that it is made of is there before it
 * is; it, its tags and whom it is about become visible in one transaction.
 */
import type { Answer } from '../../../entry.ts';
import type { Selector } from '../../../purge.ts';
import type { Sha256, Transaction } from '../../../store.ts';
import { authorise } from '../../authorise.ts';
import { openPin } from '../../pin.ts';
import { shortName } from '../../short-name.ts';
import { algorithmOf, type Digest, digestOf } from '../digest.ts';
import { summaryIn } from '../outline.ts';
import { isTag, type Reference } from '../path.ts';
import { ownedBy } from './blobs.ts';
import { storesOf } from './claims.ts';
import { type Acting, audit, type Changing } from './home.ts';
import { longestManifest, type Manifest, readManifest } from './manifest.ts';
import {
  beginRepository,
  findBlob,
  findManifest,
  findTag,
  heldKey,
  type ManifestRecord,
  manifestKey,
  needsPrefix,
  type Referrer,
  referrersPrefix,
  type TagRecord,
  taggedPrefix,
  tagKey,
  type Where,
} from './record.ts';
import { Refusal } from './refusal.ts';
import { loosen } from './take-away.ts';
import { hasUntold, noteUntold, outdated, tell } from './tell.ts';

/** In one request. The specification asks for 10 at least. */
const mostTags = 100;

/** A manifest whose bytes are in the store. */
export interface Pushed {
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly blob: Sha256;
  readonly sizeBytes: number;
  readonly tags: readonly string[];
  readonly summary: ManifestRecord['summary'];
}

/** `PUT <name>/manifests/<reference>`, by digest with `?tag=` for each tag. */
export async function push(
  changing: Changing,
  reference: Reference,
  parameters: URLSearchParams,
): Promise<Answer> {
  const { home, at, origin, exchange, signal } = changing;
  const { blobs, metadata } = storesOf(origin);
  const tags = tagsIn(reference, parameters);
  const bytes = await bodyOf(changing);
  const digest = 'digest' in reference ? reference.digest : digestOf(bytes);
  if (digestOf(bytes, algorithmOf(digest)) !== digest)
    throw new Refusal(400, 'DIGEST_INVALID', `The manifest is not ${digest}.`);
  const manifest = readManifest(bytes, exchange.headers.get('content-type'));
  const summary = summaryIn(bytes, manifest.mediaType);
  const pin = openPin(metadata, home.clock);
  try {
    const { sha256: blob, sizeBytes } = await blobs.write(bytes, { claim: pin.claim, signal });
    const added = await metadata.transact(async (transaction) => {
      await pin.replace(transaction);
      const { alert, selectors } = await add(transaction, changing, {
        ...{ digest, manifest, blob, sizeBytes, tags, summary },
      });
      const untold = selectors.length === 0 ? null : await noteUntold(transaction, at, selectors);
      return { alert, untold };
    });
    pin.settle();
    added.alert();
    if (added.untold !== null) await tell(added.untold, origin, `The push of ${at.name}@${digest}`);
  } finally {
    await pin.release();
  }
  return pushed(changing, digest, manifest, 'digest' in reference ? tags : []);
}

function tagsIn(reference: Reference, parameters: URLSearchParams): readonly string[] {
  if ('tag' in reference) return [reference.tag];
  const tags = [...new Set(parameters.getAll('tag'))];
  if (tags.length > mostTags)
    throw new Refusal(400, 'MANIFEST_INVALID', `${tags.length} tags at once are more than ${mostTags}.`);
  for (const tag of tags)
    if (!isTag(tag)) throw new Refusal(400, 'MANIFEST_INVALID', `"${tag.slice(0, 200)}" is no tag.`);
  return tags;
}

async function bodyOf({ exchange }: Changing): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of exchange.body() ?? []) {
    size += chunk.byteLength;
    if (size > longestManifest)
      throw new Refusal(413, 'SIZE_INVALID', `A manifest may have ${longestManifest} bytes.`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks, size));
}

export interface Pushing {
  /** To be called when the transaction has been carried out: says which quotas come near. */
  readonly alert: () => void;
  /** What it makes outdated. */
  readonly selectors: readonly Selector[];
}

/** @throws a `Refusal` where it is not whole, or a tag stays what it is. */
export async function add(transaction: Transaction, acting: Acting, pushed: Pushed): Promise<Pushing> {
  const { home, at, exchange } = acting;
  const nowMs = home.clock.now();
  const restricted = !home.hosted.isPublic(at.name);
  authorise(exchange, { action: 'publish', route: at.route, subject: at.name, restricted });
  await refuseUnlessWhole(transaction, acting, pushed.manifest);
  await beginRepository(transaction, at, nowMs);
  const before = await findManifest(transaction, at, pushed.digest);
  const isNew = before === null;
  const alert = isNew ? await addManifest(transaction, acting, pushed, nowMs) : () => {};
  if (before !== null)
    await transaction.put(manifestKey(at, pushed.digest), {
      ...before,
      pushedMs: nowMs,
    } satisfies ManifestRecord);
  const selectors: Selector[] = [];
  for (const tag of pushed.tags) selectors.push(...(await moveTag(transaction, acting, tag, pushed, nowMs)));
  const { subject } = pushed.manifest;
  if (isNew && subject !== null) selectors.push(outdated.referrers(at, subject));
  if (isNew || selectors.length > 0) {
    const detail = { bytes: pushed.sizeBytes, digest: pushed.digest, type: pushed.manifest.mediaType };
    const [reference = pushed.digest] = pushed.tags;
    await audit(transaction, acting, 'push', reference, detail);
  }
  // Whoever pushes again because the nodes could not be told is told of success when they have been.
  if (selectors.length === 0 && (await hasUntold(transaction, at))) selectors.push(...outdatedBy(at, pushed));
  return { alert, selectors };
}

/** All that a push may have made outdated. */
function outdatedBy(at: Where, { tags, manifest: { subject } }: Pushed): readonly Selector[] {
  return [
    ...tags.map((tag) => outdated.item(at, { kind: 'tag', name: at.name, tag })),
    ...(tags.length > 0 ? [outdated.tags(at)] : []),
    ...(subject === null ? [] : [outdated.referrers(at, subject)]),
  ];
}

/** What it names has to be here, and as long as it says. What it is about need not. */
async function refuseUnlessWhole(
  transaction: Transaction,
  { at }: Acting,
  { blobs, manifests }: Manifest,
): Promise<void> {
  const lookUps = [
    { all: blobs, find: findBlob, what: 'blob' },
    { all: manifests, find: findManifest, what: 'manifest' },
  ] as const;
  for (const { all, find, what } of lookUps) {
    for (const { digest, sizeBytes } of all) {
      const found = await find(transaction, at, digest);
      if (found === null)
        throw new Refusal(400, 'MANIFEST_BLOB_UNKNOWN', `${at.name} has no ${what} ${digest}.`);
      if (found.sizeBytes !== sizeBytes)
        throw new Refusal(
          400,
          'MANIFEST_INVALID',
          `The ${what} ${digest} has ${found.sizeBytes} bytes, not ${sizeBytes}.`,
        );
    }
  }
}

async function addManifest(
  transaction: Transaction,
  { home, at, exchange, origin }: Acting,
  { digest, manifest, blob, sizeBytes, summary }: Pushed,
  nowMs: number,
): Promise<() => void> {
  const { mediaType, subject } = manifest;
  const needs = [...new Set([...manifest.blobs, ...manifest.manifests].map((each) => each.digest))];
  const record: ManifestRecord = {
    ...{ blob, sizeBytes, mediaType, needs, subject, summary },
    pushedMs: nowMs,
    by: shortName(exchange),
  };
  await transaction.put(manifestKey(at, digest), record, null);
  await transaction.put(heldKey(at, 'manifest', digest, blob), { sinceMs: nowMs });
  for (const needed of needs) await transaction.put([...needsPrefix(at, needed), digest], {});
  if (subject !== null)
    await transaction.put([...referrersPrefix(at, subject), digest], referrerOf(digest, manifest, sizeBytes));
  const more = { versions: 1, bytes: sizeBytes };
  return storesOf(origin).usage.charge(transaction, ownedBy(at), more, home.hosted.bounds);
}

function referrerOf(digest: Digest, manifest: Manifest, sizeBytes: number): Referrer {
  const { mediaType, artifactType, annotations } = manifest;
  return {
    ...{ mediaType, digest, size: sizeBytes },
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations !== undefined && { annotations }),
  };
}

/** @returns what that makes outdated: nothing, where it stands for this one already. */
async function moveTag(
  transaction: Transaction,
  { home, at, exchange }: Acting,
  tag: string,
  { digest }: Pushed,
  nowMs: number,
): Promise<readonly Selector[]> {
  const before = await findTag(transaction, at, tag);
  if (before?.digest === digest) {
    // It means what it meant before, and is young again.
    await transaction.put(tagKey(at, tag), { ...before, pushedMs: nowMs } satisfies TagRecord);
    return [];
  }
  if (before !== null) {
    if (home.hosted.isImmutable(tag))
      throw new Refusal(403, 'DENIED', `The tag ${tag} stays what it is here: ${before.digest}.`);
    await transaction.delete([...taggedPrefix(at, before.digest), tag]);
    await loosen(transaction, at, before.digest, nowMs);
  }
  const record: TagRecord = { digest, movedMs: nowMs, by: shortName(exchange) };
  await transaction.put(tagKey(at, tag), record);
  await transaction.put([...taggedPrefix(at, digest), tag], {});
  const own = outdated.item(at, { kind: 'tag', name: at.name, tag });
  return before === null ? [own, outdated.tags(at)] : [own];
}

function pushed(
  { home, at }: Changing,
  digest: Digest,
  { subject }: Manifest,
  tags: readonly string[],
): Answer {
  const headers = new Headers({
    location: `${home.base}/${at.name}/manifests/${digest}`,
    'docker-content-digest': digest,
    'cache-control': 'no-store',
  });
  if (subject !== null) headers.set('oci-subject', subject);
  if (tags.length > 0) headers.set('oci-tag', tags.join(', '));
  return { status: 201, headers, body: null };
}
