/** Lets go of what was mirrored and has not been wanted for as long as the config says. */
import type { RetireJob } from '../../../protocol.ts';
import { blobReferenceKey, type Document, type Transaction } from '../../../store.ts';
import type { RegistryOrigin } from '../ecosystem.ts';
import { allBelow } from '../hosted/record.ts';
import { asMirrored, mirroredOf } from './record.ts';
import { usedToMs } from './use.ts';

export async function retireMirrored(
  { route, clock, mirror: { keepUnusedS } }: Pick<RegistryOrigin, 'route' | 'clock' | 'mirror'>,
  { stores, count, signal, pace }: RetireJob,
): Promise<void> {
  if (keepUnusedS === undefined) return;
  // A use may be noted as a day older than it is.
  const usedBeforeMs = clock.now() - keepUnusedS * 1000 - usedToMs;
  for await (const found of allBelow(stores.metadata, mirroredOf(route))) {
    signal.throwIfAborted();
    await pace?.();
    if (asMirrored(found.value).usedMs >= usedBeforeMs) continue;
    const bytes = await stores.metadata.transact((transaction) => retire(transaction, found));
    if (bytes === null) continue;
    count('retired');
    count('retiredBytes', bytes);
  }

  /** `null`: it has been wanted meanwhile, or is gone. */
  async function retire(
    transaction: Transaction,
    { key, revision, value }: Document,
  ): Promise<number | null> {
    if ((await transaction.get(key))?.revision !== revision) return null;
    const { blob, sizeBytes: bytes, versions } = asMirrored(value);
    await transaction.delete(key);
    await transaction.delete(blobReferenceKey(blob, key));
    const owned = { route, kept: 'mirrored', name: key[2] ?? '' } as const;
    await stores.usage.discharge(transaction, owned, { versions, bytes });
    return bytes;
  }
}
