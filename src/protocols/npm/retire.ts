/** Lets go of what was mirrored and has not been wanted for as long as the config says. */
import { z } from 'zod';
import type { Job } from '../../protocol.ts';
import {
  asSha256,
  blobReferenceKey,
  type Document,
  type DocumentKey,
  documentLimits,
  type MetadataStore,
  type Transaction,
} from '../../store.ts';
import { mirrored, mirroredOf, usedToMs } from './mirror.ts';
import type { NpmOrigin } from './origin.ts';

export async function retireMirrored(
  npm: NpmOrigin,
  { stores, count, signal }: Pick<Job, 'stores' | 'count' | 'signal'>,
): Promise<void> {
  const { route, clock } = npm;
  const { keepUnusedS } = npm.mirror;
  const sinceMs = await notedSince(npm, stores.metadata);
  if (keepUnusedS === undefined) return;
  // A use may be noted as a day older than it is.
  const usedBeforeMs = clock.now() - keepUnusedS * 1000 - usedToMs;
  const prefix = mirroredOf(route);
  for (let after = prefix; ; ) {
    const page = await stores.metadata.scan(prefix, { after });
    for (const found of page) {
      signal.throwIfAborted();
      if (Math.max(sinceMs, lastUsedMs(found)) >= usedBeforeMs) continue;
      const bytes = await stores.metadata.transact((transaction) => retire(transaction, found));
      if (bytes === null) continue;
      count('retired');
      count('retiredBytes', bytes);
    }
    const last = page.at(-1);
    if (page.length < documentLimits.page || last === undefined) return;
    after = last.key;
  }

  /** `null`: it has been wanted meanwhile, or is gone. */
  async function retire(
    transaction: Transaction,
    { key, revision, value }: Document,
  ): Promise<number | null> {
    if ((await transaction.get(key))?.revision !== revision) return null;
    const { blob, sizeBytes: bytes } = mirrored.parse(value);
    const sha256 = asSha256(blob);
    const name = key[2] ?? '';
    await transaction.delete(key);
    if (sha256 !== undefined) await transaction.delete(blobReferenceKey(sha256, key));
    await stores.usage.discharge(transaction, { route, kept: 'mirrored', name }, { versions: 1, bytes });
    return bytes;
  }
}

function lastUsedMs({ value }: Document): number {
  const { usedMs, mirroredMs } = mirrored.parse(value);
  return usedMs ?? mirroredMs;
}

/** Of what was mirrored before uses were noted, nobody knows when it was used: its time counts from then. */
async function notedSince({ route, clock }: NpmOrigin, metadata: MetadataStore): Promise<number> {
  const key: DocumentKey = ['npm-mirror-noted', route];
  const found = await metadata.get(key);
  if (found !== null) return noted.parse(found.value).sinceMs;
  const sinceMs = clock.now();
  await metadata.transact((transaction) => transaction.put(key, { sinceMs }));
  return sinceMs;
}

const noted = z.object({ sinceMs: z.number() });
