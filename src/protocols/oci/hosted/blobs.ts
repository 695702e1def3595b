/**
 * Which blobs a repository has: what it may give out, and what its manifests may name. The bytes lie in the store once, however many
 * repositories have them.
 */
import type { Stores, Transaction } from '../../../store.ts';
import type { Digest } from '../digest.ts';
import { storesOf } from './claims.ts';
import type { Acting } from './home.ts';
import {
  type BlobRecord,
  beginRepository,
  blobKey,
  findBlob,
  heldKey,
  needsPrefix,
  type Where,
} from './record.ts';

/**
 * Adds one. What is there already stays, and is young again.
 * @returns to be called when the transaction has been carried out: says which quotas come near.
 */
export async function addBlob(
  transaction: Transaction,
  { home, at, origin }: Pick<Acting, 'home' | 'at' | 'origin'>,
  digest: Digest,
  { blob, sizeBytes }: Omit<BlobRecord, 'sinceMs'>,
): Promise<() => void> {
  const sinceMs = home.clock.now();
  const isThere = (await findBlob(transaction, at, digest)) !== null;
  await transaction.put(blobKey(at, digest), { blob, sizeBytes, sinceMs } satisfies BlobRecord);
  await transaction.put(heldKey(at, 'blob', digest, blob), { sinceMs });
  if (isThere) return () => {};
  await beginRepository(transaction, at, sinceMs);
  const more = { versions: 0, bytes: sizeBytes };
  return storesOf(origin).usage.charge(transaction, ownedBy(at), more, home.hosted.bounds);
}

export async function removeBlob(
  transaction: Transaction,
  { at, stores }: { readonly at: Where; readonly stores: Pick<Stores, 'usage'> },
  digest: Digest,
  { blob, sizeBytes }: BlobRecord,
): Promise<void> {
  await transaction.delete(blobKey(at, digest));
  await transaction.delete(heldKey(at, 'blob', digest, blob));
  await stores.usage.discharge(transaction, ownedBy(at), { versions: 0, bytes: sizeBytes });
}

export const ownedBy = ({ route, name }: Where) => ({ route, kept: 'hosted', name }) as const;

/** A manifest that names this; `null`: none does. */
export async function neededBy(
  transaction: Pick<Transaction, 'scan'>,
  at: Where,
  digest: Digest,
): Promise<string | null> {
  const [need] = await transaction.scan(needsPrefix(at, digest), { limit: 1 });
  return need?.key.at(-1) ?? null;
}
