/**
 * What goes with a tag, and with a manifest, within a transaction: whoever has it done, a client or a rule. Nothing is asked here; the
 * bytes go with a later collection, where nothing else needs them.
 */
import type { Selector } from '../../../purge.ts';
import type { Stores, Transaction } from '../../../store.ts';
import type { Digest } from '../digest.ts';
import { repositoryTag } from '../tags.ts';
import { neededBy, ownedBy } from './blobs.ts';
import {
  allBelow,
  type BlobRecord,
  blobKey,
  findBlob,
  findManifest,
  heldKey,
  type ManifestRecord,
  manifestKey,
  needsPrefix,
  referrersPrefix,
  type TagRecord,
  taggedPrefix,
  tagKey,
  type Where,
} from './record.ts';
import { outdated } from './tell.ts';

export interface TakingAway {
  readonly at: Where;
  readonly stores: Pick<Stores, 'usage'>;
  readonly nowMs: number;
}

/** Of one manifest that are purged by name; with more, all of the repository is. */
const mostNamed = 1000;

/** @returns what that makes outdated. */
export async function takeTag(
  transaction: Transaction,
  { at, nowMs }: Pick<TakingAway, 'at' | 'nowMs'>,
  tag: string,
  { digest }: Pick<TagRecord, 'digest'>,
): Promise<readonly Selector[]> {
  await transaction.delete(tagKey(at, tag));
  await transaction.delete([...taggedPrefix(at, digest), tag]);
  await loosen(transaction, at, digest, nowMs);
  return [outdated.item(at, { kind: 'tag', name: at.name, tag }), outdated.tags(at)];
}

export async function tagsOf(
  transaction: Pick<Transaction, 'get' | 'scan'>,
  at: Where,
  digest: Digest,
): Promise<readonly string[]> {
  const tags: string[] = [];
  for await (const { key } of allBelow(transaction, taggedPrefix(at, digest))) tags.push(key.at(-1) ?? '');
  return tags;
}

export async function isTagged(
  reader: Pick<Transaction, 'scan'>,
  at: Where,
  digest: Digest,
): Promise<boolean> {
  return (await reader.scan(taggedPrefix(at, digest), { limit: 1 })).length > 0;
}

/** With its tags. @returns what that makes outdated. */
export async function takeManifest(
  transaction: Transaction,
  { at, stores, nowMs }: TakingAway,
  digest: Digest,
  found: ManifestRecord,
  tags: readonly string[],
): Promise<readonly Selector[]> {
  for (const tag of tags) {
    await transaction.delete(tagKey(at, tag));
    await transaction.delete([...taggedPrefix(at, digest), tag]);
  }
  await letGo(transaction, at, digest, found, nowMs);
  await transaction.delete(manifestKey(at, digest));
  await transaction.delete(heldKey(at, 'manifest', digest, found.blob));
  await stores.usage.discharge(transaction, ownedBy(at), { versions: 1, bytes: found.sizeBytes });
  const about = found.subject === null ? [] : [outdated.referrers(at, found.subject)];
  if (tags.length > mostNamed) return [{ by: 'tag', tag: repositoryTag(at.name) }, ...about];
  return [
    outdated.item(at, { kind: 'manifest', name: at.name, digest }),
    ...tags.map((tag) => outdated.item(at, { kind: 'tag', name: at.name, tag })),
    ...(tags.length > 0 ? [outdated.tags(at)] : []),
    ...about,
  ];
}

/** What it is made of, and what it is about. The time in which nobody needs something begins with the last manifest that goes. */
async function letGo(
  transaction: Transaction,
  at: Where,
  digest: Digest,
  { needs, subject }: ManifestRecord,
  nowMs: number,
): Promise<void> {
  if (subject !== null) await transaction.delete([...referrersPrefix(at, subject), digest]);
  for (const needed of needs) {
    await transaction.delete([...needsPrefix(at, needed), digest]);
    await loosen(transaction, at, needed, nowMs);
    const blob = await findBlob(transaction, at, needed);
    if (blob === null || (await neededBy(transaction, at, needed)) !== null) continue;
    await transaction.put(blobKey(at, needed), { ...blob, sinceMs: nowMs } satisfies BlobRecord);
  }
}

/** Notes of a manifest, if it is one, that a tag or an index holds it no more. */
export async function loosen(
  transaction: Transaction,
  at: Where,
  digest: Digest,
  nowMs: number,
): Promise<void> {
  const found = await findManifest(transaction, at, digest);
  if (found === null) return;
  await transaction.put(manifestKey(at, digest), { ...found, looseMs: nowMs } satisfies ManifestRecord);
}
