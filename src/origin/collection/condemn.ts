/**
 * The end of one blob, in the three steps that `store.ts` describes: condemned, deleted, forgotten. A crash leaves a
 * condemnation behind, which a later collection carries out.
 *
 * A store cannot be told to delete only while a condemnation stands. So a deletion begins within seconds of its
 * condemnation or not at all, and nobody takes over a condemnation before the one who made it must have given up:
 * otherwise a late deletion could meet bytes that somebody has published again.
 */
import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { BlobStat, MetadataStore, Revision, Sha256, Stores, Transaction } from '../../store.ts';
import { asSha256, blobReferenceKey, condemnedBlobKey, condemnedBlobs } from '../../store.ts';

/** A deletion that has not begun by then does not begin any more. */
const beginWithinMs = 20_000;
/** Far longer than a deletion takes that began in time, with the store's own tries. */
export const takeOverMs = 15 * 60_000;
/** A holder that is about to refer to a blob, and has not done so by now, never will. */
const pinMs = 24 * 3600_000;
/** Holders that are looked at in one transaction. */
const holders = 1_000;

const pin = z.object({ sinceMs: z.number() });
const condemnation = z.object({ sinceMs: z.number() });

export interface Condemning {
  readonly stores: Pick<Stores, 'blobs' | 'metadata'>;
  readonly clock: Clock;
  /** Blobs that were written later are left alone, ms since the epoch. */
  readonly writtenBeforeMs: number;
}

/** `held`: something refers to it, or is about to. `left`: somebody has just written it again, or the deletion would have begun too late. */
export type Outcome = 'deleted' | 'held' | 'left';

export async function collectBlob({ sha256 }: BlobStat, options: Condemning): Promise<Outcome> {
  const { stores, clock } = options;
  const { metadata } = stores;
  const begunMs = clock.elapsed();
  const revision = await metadata.transact((transaction) => condemn(transaction, sha256, clock.now()));
  return revision === null ? 'held' : carryOut(sha256, revision, begunMs, options);
}

/** Whether anything refers to it, as far as can be told without a transaction. */
export async function isHeld(sha256: Sha256, metadata: MetadataStore, nowMs: number): Promise<boolean> {
  const found = await metadata.scan(blobReferenceKey(sha256, []), { limit: holders });
  return found.length === holders || found.some(({ key, value }) => !isLeftPin(key, value, nowMs));
}

/** `null`: it is needed, or condemned already. */
async function condemn(transaction: Transaction, sha256: Sha256, nowMs: number): Promise<Revision | null> {
  if ((await transaction.get(condemnedBlobKey(sha256))) !== null) return null;
  const found = await transaction.scan(blobReferenceKey(sha256, []), { limit: holders });
  if (found.length === holders) return null;
  if (found.some(({ key, value }) => !isLeftPin(key, value, nowMs))) return null;
  for (const { key } of found) await transaction.delete(key);
  return transaction.put(condemnedBlobKey(sha256), { sinceMs: nowMs }, null);
}

/** The keys are `blob <sha256> held …`; see `blobReferenceKey`. */
function isLeftPin(key: readonly string[], value: unknown, nowMs: number): boolean {
  return key[3] === 'pin' && nowMs - pin.parse(value).sinceMs > pinMs;
}

async function carryOut(
  sha256: Sha256,
  revision: Revision,
  begunMs: number,
  { stores: { blobs, metadata }, clock, writtenBeforeMs }: Condemning,
): Promise<Outcome> {
  const now = await blobs.stat(sha256);
  const isYoung = now !== null && now.writtenMs >= writtenBeforeMs;
  const isLate = clock.elapsed() - begunMs > beginWithinMs;
  if (!isYoung && !isLate && now !== null) await blobs.delete(sha256);
  await forget(metadata, sha256, revision);
  return isYoung || isLate ? 'left' : 'deleted';
}

async function forget(metadata: MetadataStore, sha256: Sha256, revision: Revision): Promise<void> {
  try {
    await metadata.transact((transaction) => transaction.delete(condemnedBlobKey(sha256), revision));
  } catch (error) {
    // Somebody has taken it over, and forgets it himself.
    if (!(error instanceof MeridianError && error.code === 'conflict')) throw error;
  }
}

/**
 * Carries out what others have left: condemnations so old that nobody can be at it any more.
 * @returns how many there were.
 */
export async function finishLeft(options: Condemning, olderThanMs = takeOverMs): Promise<number> {
  const { stores, clock } = options;
  let finished = 0;
  for (let after = condemnedBlobs; ; ) {
    const page = await stores.metadata.scan(condemnedBlobs, { after, limit: 100 });
    for (const { key, value, revision } of page) {
      const sha256 = asSha256(key.at(-1) ?? '');
      if (sha256 === undefined || clock.now() - condemnation.parse(value).sinceMs < olderThanMs) continue;
      const begunMs = clock.elapsed();
      const own = await takeOver(stores.metadata, sha256, revision, clock.now());
      if (own === null) continue;
      await carryOut(sha256, own, begunMs, options);
      finished++;
    }
    const last = page.at(-1);
    if (page.length < 100 || last === undefined) return finished;
    after = last.key;
  }
}

/** `null`: somebody else was faster. */
async function takeOver(
  metadata: MetadataStore,
  sha256: Sha256,
  revision: Revision,
  nowMs: number,
): Promise<Revision | null> {
  try {
    return await metadata.transact((transaction) =>
      transaction.put(condemnedBlobKey(sha256), { sinceMs: nowMs }, revision),
    );
  } catch (error) {
    if (error instanceof MeridianError && error.code === 'conflict') return null;
    throw error;
  }
}
