/**
 * Lets go of blobs that no manifest of their repository has named for as long as the config says: layers of pushes that were given up, and
 * of manifests that are gone. Whoever pushes at the same time is told that a blob is missing, and pushes it again.
 */
import type { Clock } from '../../../clock.ts';
import type { OriginDoor, RetireJob } from '../../../protocol.ts';
import { type Digest, readDigest } from '../digest.ts';
import { neededBy, removeBlob } from './blobs.ts';
import type { Hosted } from './claims.ts';
import { allBelow, asBlob, blobsPrefix, findBlob, repositoriesPrefix, type Where } from './record.ts';
import { noteUntold, outdated, tell } from './tell.ts';

interface Retiring {
  readonly route: string;
  readonly hosted: Hosted;
  readonly clock: Clock;
  readonly purge: OriginDoor['purge'];
}

export async function retireUnneeded(
  { route, hosted, clock, purge }: Retiring,
  { stores, count, signal, pace }: RetireJob,
): Promise<void> {
  const { metadata } = stores;
  const beforeMs = clock.now() - hosted.keepUnneededS * 1000;

  /** `null`: somebody needs it, or may. */
  async function retire(at: Where, digest: Digest): Promise<number | null> {
    const gone = await metadata.transact(async (transaction) => {
      const found = await findBlob(transaction, at, digest);
      if (found === null || found.sinceMs >= beforeMs) return null;
      if ((await neededBy(transaction, at, digest)) !== null) return null;
      await removeBlob(transaction, { at, stores }, digest, found);
      const selectors = [outdated.item(at, { kind: 'blob', name: at.name, digest })];
      return { bytes: found.sizeBytes, untold: await noteUntold(transaction, at, selectors) };
    });
    if (gone === null) return null;
    // Else a PoP would go on to say that it is there, and nobody would push it again.
    await tell(gone.untold, { stores, purge }, `The removal of ${at.name}@${digest}`);
    return gone.bytes;
  }

  for await (const { key } of allBelow(metadata, repositoriesPrefix(route))) {
    const at = { route, name: key[2] ?? '' };
    for await (const { key, value } of allBelow(metadata, blobsPrefix(at))) {
      signal.throwIfAborted();
      await pace?.();
      const digest = readDigest(key.at(-1) ?? '');
      if (digest === null || asBlob(value).sinceMs >= beforeMs) continue;
      const bytes = await retire(at, digest);
      if (bytes === null) continue;
      count('retired');
      count('retiredBytes', bytes);
    }
  }
}
