/**
 * Collects blobs that nothing refers to: looks at every blob of the store once, and ends those that are older than the grace
 * and held by nobody. May be killed at any moment, and runs while others publish.
 */
import type { Clock } from '../../clock.ts';
import type { BlobStat, Sha256, Stores } from '../../store.ts';
import { collectBlob, finishLeft, isHeld } from './condemn.ts';
import { type Lease, takeLease } from './lease.ts';
import { writeSeen } from './seen.ts';

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
  /** Of those that are kept: nobody needs them, and they are too young. */
  readonly unreferenced: number;
  readonly unreferencedBytes: number;
  readonly deleted: number;
  readonly deletedBytes: number;
}

export interface CollectOptions {
  readonly stores: Pick<Stores, 'blobs' | 'metadata'>;
  readonly clock: Clock;
  /** The origin that collects. */
  readonly by: string;
  /** Blobs that were written within this time are left alone. */
  readonly graceMs: number;
  /** Counts what would be deleted, and deletes nothing. */
  readonly dryRun: boolean;
  readonly progress: (collected: Collected) => void;
  readonly signal: AbortSignal;
  /**
   * What is let go of first, while no other origin is at it; not in a dry run.
   * @param renew to be called at least every few minutes, for that to stay so.
   */
  readonly first?: (renew: Lease['renew']) => Promise<void>;
}

/** @throws `conflict` while another origin collects. */
export async function collect(options: CollectOptions): Promise<Collected> {
  const { stores, clock, by, graceMs, dryRun, first } = options;
  const writtenBeforeMs = clock.now() - graceMs;
  if (dryRun) return noted(options, await walk(options, writtenBeforeMs, async () => {}));
  const lease = await takeLease(stores.metadata, clock, { by, run: crypto.randomUUID() });
  try {
    await first?.(lease.renew);
    await finishLeft({ stores, clock, writtenBeforeMs });
    return await noted(options, await walk(options, writtenBeforeMs, lease.renew));
  } finally {
    await lease.release();
  }
}

/** What a dry run would have deleted is there, and nobody needs it. */
async function noted({ stores, clock, dryRun }: CollectOptions, all: Collected): Promise<Collected> {
  const { blobs, bytes, unreferenced, unreferencedBytes, deleted, deletedBytes } = all;
  const atMs = clock.now();
  const now = dryRun
    ? {
        ...{ blobs, bytes },
        unreferenced: unreferenced + deleted,
        unreferencedBytes: unreferencedBytes + deletedBytes,
      }
    : { blobs: blobs - deleted, bytes: bytes - deletedBytes, unreferenced, unreferencedBytes };
  await writeSeen(stores.metadata, { atMs, ...now });
  return all;
}

async function walk(
  { stores, clock, dryRun, progress, signal }: CollectOptions,
  writtenBeforeMs: number,
  betweenPages: () => Promise<void>,
): Promise<Collected> {
  let so: Collected = {
    ...{ blobs: 0, bytes: 0, kept: 0, unreferenced: 0, unreferencedBytes: 0 },
    ...{ deleted: 0, deletedBytes: 0 },
  };
  const options = { stores, clock, writtenBeforeMs };

  async function lookAt(blob: BlobStat): Promise<Fate> {
    if (await isHeld(blob.sha256, stores.metadata, clock.now())) return 'needed';
    if (blob.writtenMs >= writtenBeforeMs) return 'young';
    if (dryRun) return 'deleted';
    const outcome = await collectBlob(blob, options);
    return outcome === 'deleted' ? 'deleted' : 'needed';
  }

  for (let after: Sha256 | null = null; ; ) {
    const blobs: readonly BlobStat[] = await stores.blobs.list(after, page);
    for (let at = 0; at < blobs.length; at += atOnce) {
      signal.throwIfAborted();
      const some = blobs.slice(at, at + atOnce);
      const fates = await Promise.all(some.map(lookAt));
      for (const [index, { sizeBytes }] of some.entries())
        so = counted(so, sizeBytes, fates[index] ?? 'needed');
      progress(so);
    }
    const last = blobs.at(-1);
    if (blobs.length < page || last === undefined) return so;
    after = last.sha256;
    await betweenPages();
  }
}

/** `young`: nobody needs it, but whoever has written it may be about to. */
type Fate = 'needed' | 'young' | 'deleted';

function counted(so: Collected, sizeBytes: number, fate: Fate): Collected {
  const [young, deleted] = [fate === 'young' ? 1 : 0, fate === 'deleted' ? 1 : 0];
  return {
    blobs: so.blobs + 1,
    bytes: so.bytes + sizeBytes,
    kept: so.kept + 1 - deleted,
    unreferenced: so.unreferenced + young,
    unreferencedBytes: so.unreferencedBytes + young * sizeBytes,
    deleted: so.deleted + deleted,
    deletedBytes: so.deletedBytes + deleted * sizeBytes,
  };
}
