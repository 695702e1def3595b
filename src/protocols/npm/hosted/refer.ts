/** Begins to refer to a blob that has just been written: pinned first, so that no collection takes it in between. */
import {
  blobReferenceKey,
  condemnedBlobKey,
  type DocumentKey,
  type Sha256,
  type Stores,
  type Transaction,
} from '../../../store.ts';
import { Refusal } from './refusal.ts';

/** A pin that was lost with the machine of the store is missed by the transaction that it was for. */
const pinning = { lasting: false } as const;

/**
 * @param work puts the reference.
 * @throws a `Refusal` (503) when the blob is being collected at this moment.
 */
export async function refer<Result>(
  { blobs, metadata }: Stores,
  sha256: Sha256,
  nowMs: number,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  const pin = blobReferenceKey(sha256, ['pin', crypto.randomUUID()]);
  await metadata.transact((transaction) => pinBlob(transaction, sha256, pin, nowMs), pinning);
  try {
    // From here on it is not collected; it may have been before.
    if ((await blobs.stat(sha256)) === null) throw collected();
    return await metadata.transact(async (transaction) => {
      if (!(await transaction.delete(pin))) throw collected();
      return work(transaction);
    });
  } catch (error) {
    await metadata.transact((transaction) => transaction.delete(pin), pinning);
    throw error;
  }
}

async function pinBlob(
  transaction: Transaction,
  sha256: Sha256,
  pin: DocumentKey,
  sinceMs: number,
): Promise<void> {
  if ((await transaction.get(condemnedBlobKey(sha256))) !== null) throw collected();
  await transaction.put(pin, { sinceMs });
}

function collected(): Refusal {
  return new Refusal(503, 'The same bytes are being removed from the store at this moment. Publish again.');
}
