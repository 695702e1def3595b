/**
 * The disk tier: entries that outlive the process and exceed memory, bounded in bytes. When the disk
 * fails, the tier steps aside for a while and the cache goes on without it.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Entry } from '../../entry.ts';
import { selects } from '../../http/vary.ts';
import type { CacheKey } from '../../resource.ts';
import { type DiskIndex, type Orphan, openDiskIndex, variantOf } from './index.ts';
import { type Objects, type ObjectWriter, openObjects } from './objects.ts';

/** How long the tier stays out of use after a failure. */
const suspensionMs = 10_000;
/** How often the times of last use are written down. */
const touchEveryMs = 5_000;
/** Bodies known to be right; beyond this the knowledge is dropped, and they are checked once more. */
const maxTrusted = 1_000_000;
/** A removed file stays this long, so that responses which are about to open it still can. */
const graceMs = 30_000;

export interface Disk {
  /** The variant that these request fields select. Index only: cheap enough to be synchronous. */
  find(key: CacheKey, headers: Headers): Entry | null;
  /** The body's file, once its bytes are known to be right; `null` when they are not, and the entry is gone. */
  body(entry: Entry): Promise<Blob | null>;
  /** A file to write a body of unknown digest to; `null` when the disk is out of use. */
  create(): Promise<ObjectWriter | null>;
  /** Keeps what a writer has written, under the entry that `describe` makes of its digest. */
  commit(writer: ObjectWriter, describe: (sha256: string) => Entry): Promise<Entry | null>;
  /** Writes a small body in one go. */
  put(entry: Entry, bytes: Uint8Array): Promise<void>;
  /** Replaces the metadata of an entry whose body stays. */
  update(entry: Entry): void;
  drop(key: CacheKey): void;
  /** Tells the tier about a failure that happened elsewhere, in one of its files. */
  failed(error: unknown): void;
  resize(limitBytes: number): void;
  close(): Promise<void>;
  readonly objectLimitBytes: number;
  readonly stats: DiskStats;
}

export interface DiskStats {
  readonly entries: number;
  readonly bytes: number;
  readonly limitBytes: number;
  readonly state: 'ready' | 'suspended';
  readonly errors: number;
  readonly corrupt: number;
}

export interface DiskOptions {
  readonly folder: string;
  readonly bytes: number;
  readonly objectBytes: number;
  readonly clock: Clock;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

export async function openDisk(options: DiskOptions): Promise<Disk> {
  await mkdir(options.folder, { recursive: true });
  const index = openDiskIndex(join(options.folder, 'index.db'));
  const objects = await openObjects(options.folder);
  return diskTier(index, objects, options);
}

function diskTier(index: DiskIndex, objects: Objects, options: DiskOptions): Disk {
  const { clock, warn } = options;
  const stats = { ...index.totals(), limitBytes: options.bytes, errors: 0, corrupt: 0 };
  let suspendedUntilMs = 0;
  let closed = false;
  /** Bodies written or checked since this process started: an older one is checked before its first use. */
  const trusted = new Set<string>();
  const uses = new Map<string, { entry: Entry; usedMs: number }>();
  /** What is being read or placed right now must not be swept up. */
  const committing = new Set<string>();

  const usable = () => !closed && clock.now() >= suspendedUntilMs;

  function failed(error: unknown): void {
    stats.errors++;
    suspendedUntilMs = clock.now() + suspensionMs;
    warn('the disk cache failed and is out of use for a while', { error, forMs: suspensionMs });
  }

  /** Runs `work` unless the tier is out of use; a failure of the disk becomes `otherwise`. */
  function guarded<T>(otherwise: T, work: () => T): T {
    if (!usable()) return otherwise;
    try {
      return work();
    } catch (error) {
      failed(error);
      return otherwise;
    }
  }

  function saveUses(): void {
    if (uses.size === 0) return;
    guarded(undefined, () => index.touch(uses.values()));
    uses.clear();
  }

  function put(entry: Entry): void {
    const { added, orphans } = index.put(entry, clock.now());
    if (added) stats.bytes += entry.sizeBytes;
    if (trusted.size >= maxTrusted) trusted.clear();
    trusted.add(entry.sha256);
    forget(orphans);
    makeRoom();
  }

  function makeRoom(): void {
    if (stats.bytes <= stats.limitBytes) return;
    saveUses();
    // A little more than is needed, so that a full cache does not do this for every object.
    forget(index.dropOldest(stats.bytes - stats.limitBytes + Math.floor(stats.limitBytes / 50)));
  }

  function forget(orphans: readonly Orphan[]): void {
    for (const { sha256, sizeBytes } of orphans) {
      stats.bytes -= sizeBytes;
      clock.after(graceMs, () => void removeIfStillOrphan(sha256));
    }
  }

  async function removeIfStillOrphan(sha256: string): Promise<void> {
    if (closed || committing.has(sha256) || index.hasBody(sha256)) return;
    trusted.delete(sha256);
    try {
      await objects.remove(sha256);
    } catch (error) {
      failed(error);
    }
  }

  async function trust(entry: Entry): Promise<boolean> {
    const right = trusted.has(entry.sha256)
      ? await objects.present(entry.sha256, entry.sizeBytes)
      : await objects.intact(entry.sha256, entry.sizeBytes);
    if (right) {
      trusted.add(entry.sha256);
    } else {
      stats.corrupt++;
      warn('a stored body is not what it was when it was written; it is dropped', { key: entry.key });
      trusted.delete(entry.sha256);
      forget(index.dropBody(entry.sha256));
    }
    return right;
  }

  async function commit(writer: ObjectWriter, describe: (sha256: string) => Entry): Promise<Entry | null> {
    let placed = '';
    try {
      const sha256 = await writer.commit();
      placed = sha256;
      committing.add(sha256);
      if (closed) return null;
      const entry = describe(sha256);
      put(entry);
      return entry;
    } catch (error) {
      failed(error);
      return null;
    } finally {
      committing.delete(placed);
    }
  }

  // What earlier runs left behind is cleared while the node already serves.
  const swept = objects.sweep((sha256) => committing.has(sha256) || index.hasBody(sha256)).catch(failed);
  const stopTouching = every(clock, touchEveryMs, saveUses);

  return {
    get stats() {
      return { ...stats, ...index.totals(), state: usable() ? ('ready' as const) : ('suspended' as const) };
    },
    objectLimitBytes: options.objectBytes,

    find: (key, headers) =>
      guarded(null, () => {
        const entry = index
          .find(key)
          .find(({ selecting }) => selecting.length === 0 || selects(selecting, headers));
        if (!entry) return null;
        uses.set(`${entry.key} ${variantOf(entry)}`, { entry, usedMs: clock.now() });
        return entry;
      }),

    async body(entry) {
      if (!usable()) return null;
      try {
        return (await trust(entry)) ? Bun.file(objects.path(entry.sha256)) : null;
      } catch (error) {
        failed(error);
        return null;
      }
    },

    async create() {
      if (!usable()) return null;
      try {
        return await objects.create();
      } catch (error) {
        failed(error);
        return null;
      }
    },

    commit,

    async put(entry, bytes) {
      if (!usable()) return;
      try {
        const writer = await objects.create();
        try {
          await writer.append([bytes]);
          await commit(writer, () => entry);
        } finally {
          await writer.discard();
          await writer.close();
        }
      } catch (error) {
        failed(error);
      }
    },

    update: (entry) => guarded(undefined, () => index.put(entry, clock.now())),

    drop: (key) =>
      guarded(undefined, () => {
        forget(index.dropKey(key));
      }),

    failed,

    resize(limitBytes) {
      stats.limitBytes = limitBytes;
      guarded(undefined, makeRoom);
    },

    async close() {
      if (closed) return;
      stopTouching();
      await swept;
      saveUses();
      closed = true;
      index.close();
    },
  };
}

function every(clock: Clock, periodMs: number, task: () => void): () => void {
  let cancel = clock.after(periodMs, run);
  function run(): void {
    task();
    cancel = clock.after(periodMs, run);
  }
  return () => cancel();
}
