/**
 * Collects blobs that nothing refers to: looks at every blob of the store once, and ends those that are older than the grace
 * and held by nobody. May be killed at any moment, and runs while others publish.
 */
import type { Clock } from '../../clock.ts';
import type { BlobStat, Sha256, Stores } from '../../store.ts';
import { collectBlob, finishLeft, isHeld } from './condemn.ts';
import { takeLease } from './lease.ts';

/** Blobs in a page: between two of them, the lease is renewed. */
const page = 500;
/** Blobs whose holders are looked for at once. */
const atOnce = 16;

/** So far. */
export interface Collected {
  readonly blobs: number;
  readonly bytes: number;
  /** Needed, or too young to tell. */
  readonly kept: number;
  readonly deleted: number;
  readonly deletedBytes: number;
}

export interface CollectOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  /** The origin that collects. */
  readonly by: string;
  /** Blobs that were written within this time are left alone. */
  readonly graceMs: number;
  /** Counts what would be deleted, and deletes nothing. */
  readonly dryRun: boolean;
  readonly progress: (collected: Collected) => void;
  readonly signal: AbortSignal;
}

/** @throws `conflict` while another origin collects. */
export async function collect(options: CollectOptions): Promise<Collected> {
  const { stores, clock, by, graceMs, dryRun } = options;
  const writtenBeforeMs = clock.now() - graceMs;
  if (dryRun) return walk(options, writtenBeforeMs, async () => {});
  const lease = await takeLease(stores.metadata, clock, { by, run: crypto.randomUUID() });
  try {
    await finishLeft({ stores, clock, writtenBeforeMs });
    return await walk(options, writtenBeforeMs, lease.renew);
  } finally {
    await lease.release();
  }
}

async function walk(
  { stores, clock, dryRun, progress, signal }: CollectOptions,
  writtenBeforeMs: number,
  betweenPages: () => Promise<void>,
): Promise<Collected> {
  let so: Collected = { blobs: 0, bytes: 0, kept: 0, deleted: 0, deletedBytes: 0 };
  const options = { stores, clock, writtenBeforeMs };

  async function isDeleted(blob: BlobStat): Promise<boolean> {
    if (blob.writtenMs >= writtenBeforeMs) return false;
    if (await isHeld(blob.sha256, stores.metadata, clock.now())) return false;
    return dryRun || (await collectBlob(blob, options)) === 'deleted';
  }

  for (let after: Sha256 | null = null; ; ) {
    const blobs: readonly BlobStat[] = await stores.blobs.list(after, page);
    for (let at = 0; at < blobs.length; at += atOnce) {
      signal.throwIfAborted();
      const some = blobs.slice(at, at + atOnce);
      const deleted = await Promise.all(some.map(isDeleted));
      for (const [index, { sizeBytes }] of some.entries())
        so = counted(so, sizeBytes, deleted[index] === true);
      progress(so);
    }
    const last = blobs.at(-1);
    if (blobs.length < page || last === undefined) return so;
    after = last.sha256;
    await betweenPages();
  }
}

function counted(so: Collected, sizeBytes: number, isDeleted: boolean): Collected {
  return {
    blobs: so.blobs + 1,
    bytes: so.bytes + sizeBytes,
    kept: so.kept + (isDeleted ? 0 : 1),
    deleted: so.deleted + (isDeleted ? 1 : 0),
    deletedBytes: so.deletedBytes + (isDeleted ? sizeBytes : 0),
  };
}
