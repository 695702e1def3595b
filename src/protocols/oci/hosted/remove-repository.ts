/**
 * Takes away a whole repository that lives here: its manifests with their tags, then its blobs, then that there is one. In steps, each a
 * transaction of its own, so that it may be large. What a manifest needs that is pushed meanwhile stays, and the repository with it.
 */
import type { Selector } from '../../../purge.ts';
import type { DocumentKey, Transaction } from '../../../store.ts';
import { authorise } from '../../authorise.ts';
import { readDigest } from '../digest.ts';
import { repositoryTag } from '../tags.ts';
import { neededBy, removeBlob } from './blobs.ts';
import { storesOf } from './claims.ts';
import { audit, type Changing } from './home.ts';
import {
  allBelow,
  asBlob,
  blobsPrefix,
  isRepository,
  manifestsPrefix,
  repositoryKey,
  tagsPrefix,
} from './record.ts';
import { Refusal } from './refusal.ts';
import { refuseImmutable, removeManifest } from './remove.ts';
import { noteUntold, tell } from './tell.ts';

/** In one transaction, which has ten seconds: a manifest may have a hundred tags and layers. */
const manifestsAtOnce = 20;
const blobsAtOnce = 200;

/** @throws a `Refusal`, before anything is gone, where there is none or one of its tags has to stay; `forbidden`. */
export async function removeRepository(changing: Changing): Promise<void> {
  const { home, at, origin } = changing;
  const { metadata } = storesOf(origin);
  for await (const { key } of allBelow(metadata, tagsPrefix(at))) refuseImmutable(changing, key.at(-1) ?? '');
  const everything: readonly Selector[] = [{ by: 'tag', tag: repositoryTag(at.name) }];
  const untold = await metadata.transact(async (transaction) => {
    authorise(changing.exchange, deedOf(changing));
    if (!(await isRepository(transaction, at)))
      throw new Refusal(404, 'NAME_UNKNOWN', `There is no repository ${at.name}.`);
    await audit(transaction, changing, 'delete-repository', null, {});
    await removeManifests(transaction, changing);
    return noteUntold(transaction, at, everything);
  });
  try {
    await removeRest(changing);
  } finally {
    // Some of it is gone, also where the rest has to wait.
    await tell(untold, origin, `The deletion of ${at.name}`, () => home.withdrawn(at.name, origin));
  }
}

async function removeRest(changing: Changing): Promise<void> {
  const { at, signal } = changing;
  while (await step(changing, removeManifests)) signal.throwIfAborted();
  for (let after: DocumentKey | null = blobsPrefix(at); after !== null; ) {
    const from: DocumentKey = after;
    after = await step(changing, (transaction) => removeBlobs(transaction, changing, from));
    signal.throwIfAborted();
  }
  await step(changing, forget);
}

function step<Result>(
  changing: Changing,
  work: (transaction: Transaction, changing: Changing) => Promise<Result>,
): Promise<Result> {
  return storesOf(changing.origin).metadata.transact((transaction) => work(transaction, changing));
}

/** @returns whether there may be more. */
async function removeManifests(transaction: Transaction, changing: Changing): Promise<boolean> {
  const found = await transaction.scan(manifestsPrefix(changing.at), { limit: manifestsAtOnce });
  for (const { key } of found) {
    const digest = readDigest(key.at(-1) ?? '');
    if (digest !== null) await removeManifest(transaction, changing, digest);
  }
  return found.length === manifestsAtOnce;
}

/** Those that no manifest needs: one that is being pushed may need some. @returns where to go on. */
async function removeBlobs(
  transaction: Transaction,
  { at, origin }: Changing,
  after: DocumentKey,
): Promise<DocumentKey | null> {
  const found = await transaction.scan(blobsPrefix(at), { limit: blobsAtOnce, after });
  for (const { key, value } of found) {
    const digest = readDigest(key.at(-1) ?? '');
    if (digest === null || (await neededBy(transaction, at, digest)) !== null) continue;
    await removeBlob(transaction, { at, stores: storesOf(origin) }, digest, asBlob(value));
  }
  return found.length === blobsAtOnce ? (found.at(-1)?.key ?? null) : null;
}

/** Unless something has come meanwhile. */
async function forget(transaction: Transaction, { at }: Changing): Promise<void> {
  for (const prefix of [manifestsPrefix(at), blobsPrefix(at)])
    if ((await transaction.scan(prefix, { limit: 1 })).length > 0) return;
  await transaction.delete(repositoryKey(at));
}

function deedOf({ home, at }: Changing) {
  const restricted = !home.hosted.isPublic(at.name);
  return { action: 'delete', route: at.route, subject: at.name, restricted } as const;
}
