/**
 * Stores an image of a layout: blob by blob, as a push does, and then its manifests and its tag at once. Its blobs are the repository's
 * by then, and held by nothing else for as long as such blobs are kept.
 */
import { MeridianError } from '../../../../errors.ts';
import type { Job } from '../../../../protocol.ts';
import { openPin, type Pin } from '../../../pin.ts';
import { algorithmOf, type Digest, hexOf } from '../../digest.ts';
import { summaryIn } from '../../outline.ts';
import { addBlob } from '../blobs.ts';
import type { Acting } from '../home.ts';
import { add, type Pushed } from '../push.ts';
import { findBlob, findTag } from '../record.ts';
import { noteUntold, tell } from '../tell.ts';
import { blobPath } from './format.ts';
import type { LayoutFile, LayoutIn } from './read.ts';
import { streamed } from './streamed.ts';
import type { ImageTree, TreeManifest } from './tree.ts';
import { unfit } from './unfit.ts';

export interface Store {
  readonly acting: Acting;
  readonly layout: LayoutIn;
  readonly job: Job;
  /** Looks at every byte, and stores none. */
  readonly dryRun: boolean;
  /** Moves a tag that stands for something else. */
  readonly move: boolean;
}

export async function storeImage(store: Store, tree: ImageTree, tag: string | null): Promise<void> {
  const files = await filesOf(store, tree);
  for (const [digest, file] of files) {
    if (store.dryRun) await check(store, digest, file);
    else await storeBlob(store, digest, file);
  }
  if (!store.dryRun) await storeManifests(store, tree.manifests, tag);
}

/** What the repository does not have yet; all of it is in the layout, as long as it should be. */
async function filesOf(store: Store, { blobs }: ImageTree): Promise<ReadonlyMap<Digest, LayoutFile>> {
  const { layout } = store;
  const files = new Map<Digest, LayoutFile>();
  for (const [digest, sizeBytes] of blobs) {
    if (await isThere(store, digest)) continue;
    const path = blobPath(digest);
    const file = await layout.open(path);
    if (file === null) throw unfit(`${path}: there is no such file`);
    if (file.sizeBytes !== sizeBytes)
      throw unfit(`${path}: it has ${file.sizeBytes} bytes, not ${sizeBytes}`);
    files.set(digest, file);
  }
  return files;
}

/** What the repository has already is kept for as long as what is pushed now. */
async function isThere({ acting, job, dryRun }: Store, digest: Digest): Promise<boolean> {
  const { metadata } = job.stores;
  if (dryRun) return (await findBlob(metadata, acting.at, digest)) !== null;
  return metadata.transact(async (transaction) => {
    const found = await findBlob(transaction, acting.at, digest);
    if (found !== null) await addBlob(transaction, acting, digest, found);
    return found !== null;
  });
}

async function check({ job }: Store, digest: Digest, file: LayoutFile): Promise<void> {
  const hasher = new Bun.CryptoHasher(algorithmOf(digest));
  for await (const chunk of streamed(file.stream(), job)) hasher.update(chunk);
  if (hasher.digest('hex') !== hexOf(digest)) throw unfit(`${blobPath(digest)}: its bytes are others`);
  job.count('blobs');
}

async function storeBlob({ acting, job }: Store, digest: Digest, file: LayoutFile): Promise<void> {
  const { blobs, metadata } = job.stores;
  const { home } = acting;
  const pin = openPin(metadata, home.clock);
  try {
    const expect = { [algorithmOf(digest)]: hexOf(digest), sizeBytes: file.sizeBytes };
    const { sha256: blob, sizeBytes } = await blobs.write(streamed(file.stream(), job), {
      ...{ expect, maxBytes: home.hosted.maxBlobBytes, claim: pin.claim, signal: job.signal },
    });
    const alert = await metadata.transact(async (transaction) => {
      await pin.replace(transaction);
      return addBlob(transaction, acting, digest, { blob, sizeBytes });
    });
    pin.settle();
    alert();
    job.count('blobs');
  } catch (error) {
    if (isMismatch(error)) throw unfit(`${blobPath(digest)}: its bytes are others`);
    throw error;
  } finally {
    await pin.release();
  }
}

function isMismatch(error: unknown): boolean {
  return error instanceof MeridianError && error.code === 'blob-mismatch';
}

/** All of them in one transaction, which is told to the nodes before the next image. */
async function storeManifests(
  { acting, job, move }: Store,
  manifests: readonly TreeManifest[],
  tag: string | null,
): Promise<void> {
  const { metadata } = job.stores;
  const { at, home } = acting;
  const pins = manifests.map(() => openPin(metadata, home.clock));
  try {
    const all = await written(job, manifests, pins);
    const { alerts, untold } = await metadata.transact(async (transaction) => {
      for (const pin of pins) await pin.replace(transaction);
      const before = tag === null ? null : await findTag(transaction, at, tag);
      if (before !== null && before.digest !== all.at(-1)?.digest && !move)
        throw unfit(`${at.name}:${tag} stands for ${before.digest} here`);
      const pushings = [];
      for (const [nth, each] of all.entries()) {
        const tags = tag !== null && nth === all.length - 1 ? [tag] : [];
        pushings.push(await add(transaction, acting, { ...each, tags }));
      }
      const selectors = pushings.flatMap((each) => each.selectors);
      const untold = selectors.length === 0 ? null : await noteUntold(transaction, at, selectors);
      return { alerts: pushings.map(({ alert }) => alert), untold };
    });
    for (const pin of pins) pin.settle();
    for (const alert of alerts) alert();
    if (untold !== null) await tell(untold, job, `The import of ${at.name}`);
  } finally {
    for (const pin of pins) await pin.release();
  }
}

/** Their bytes, in the store. */
async function written(
  { stores, signal }: Job,
  manifests: readonly TreeManifest[],
  pins: readonly Pin[],
): Promise<readonly Omit<Pushed, 'tags'>[]> {
  const all: Omit<Pushed, 'tags'>[] = [];
  for (const [nth, { digest, bytes, manifest }] of manifests.entries()) {
    const claim = pins[nth]?.claim;
    const { sha256: blob, sizeBytes } = await stores.blobs.write(bytes, { signal, ...(claim && { claim }) });
    const summary = summaryIn(bytes, manifest.mediaType);
    all.push({ digest, manifest, blob, sizeBytes, summary });
  }
  return all;
}
