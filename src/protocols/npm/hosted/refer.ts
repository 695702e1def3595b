/** Begins to refer to a blob that has just been written: pinned first, so that no collection takes it in between. */
import { blobReferenceKey, type Sha256, type Stores, type Transaction } from '../../../store.ts';
import { collected, pinBlob } from './publish.ts';

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
  await metadata.transact((transaction) => pinBlob(transaction, sha256, pin, nowMs));
  try {
    // From here on it is not collected; it may have been before.
    if ((await blobs.stat(sha256)) === null) throw collected();
    return await metadata.transact(async (transaction) => {
      await transaction.delete(pin);
      return work(transaction);
    });
  } catch (error) {
    await metadata.transact((transaction) => transaction.delete(pin));
    throw error;
  }
}
