/**
 * The disk tier: entries that outlive the process and exceed memory, bounded in bytes. When the disk
 * fails, the tier steps aside for a while and the cache goes on without it.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Position } from '../../bus.ts';
import type { Clock } from '../../clock.ts';
import type { Entry } from '../../entry.ts';
import type { CacheKey } from '../../resource.ts';
import type { Ledger, Mark } from '../purge/ledger.ts';
import { guard } from './guard.ts';
import { type Hot, readHot, writeHot } from './hot.ts';
import { type DiskIndex, type Orphan, openDiskIndex } from './index.ts';
import { journal } from './journal.ts';
import { leaving } from './leaving.ts';
import { type Objects, openObjects } from './objects.ts';
import { room } from './room.ts';
import { variantOf } from './row.ts';
import { trust } from './trust.ts';
import type { ObjectWriter } from './writer.ts';

/** How often the times of last use are written down, and files deleted. */
const upkeepMs = 5_000;

export interface Disk {
  /** What has been purged, as this tier remembers it across restarts. */
  readonly ledger: Ledger;
  /** The variant that these request fields select, unless it is purged. Index only: cheap enough to be synchronous. */
  find(key: CacheKey, headers: Headers): Entry | null;
  /** The variant with these selecting fields (`variantOf`). Not counted as a use. */
  variant(key: CacheKey, variant: string): Entry | null;
  /** The body's file, once its bytes are known to be right; `null` when they are not, and the entry is gone. */
  body(entry: Entry): Promise<Blob | null>;
  /** A small body itself, checked each time; `null` as above. */
  bytes(entry: Entry): Promise<Uint8Array<ArrayBuffer> | null>;
  /** A file to write a body of unknown digest to; `null` when the disk is out of use. */
  create(): Promise<ObjectWriter | null>;
  /** Keeps what a writer has written, under the entry that `describe` makes of its digest, if it is `wanted` then. */
  commit(
    writer: ObjectWriter,
    describe: (sha256: string) => Entry,
    wanted: () => boolean,
  ): Promise<Entry | null>;
  /** Writes a small body in one go and keeps it as above. Tells whether it did. */
  put(describe: () => Entry, bytes: Uint8Array, wanted: () => boolean): Promise<boolean>;
  /** Replaces the metadata of an entry that is still there with the same body. */
  update(entry: Entry): void;
  /**
   * Writes down a purge that the ledger has just numbered. Holds even while the disk is out of use. Tells whether it would
   * survive a crash now; with `durable`, a power cut as well.
   *
   * @param at the place on the bus that this tier has come to with it, written down in the same transaction.
   */
  purge(mark: Mark, durable: boolean, at?: Position): boolean;
  /** The place on the bus up to which this tier knows of every purge; `null` when it has followed none. */
  readonly position: Position | null;
  /** Writes down that it has come to this place, where there was nothing to purge on the way. */
  passed(at: Position): void;
  /** Carries out purges on some of the entries, from a place on; `null` when that is not possible now. */
  sweep(from: number): { readonly next: number | null } | null;
  /** Forgets the purges up to this number, which have been carried out. Tells whether it did. */
  retire(upTo: number): boolean;
  /** Whether there are purges that only a sweep carries out. */
  readonly needsSweep: boolean;
  /** Forgets one variant of a key. */
  forget(entry: Entry): void;
  /** Replaces the list of the hottest entries of memory. */
  saveHot(list: readonly Hot[]): Promise<void>;
  /** The list that there is. */
  loadHot(): Promise<readonly Hot[]>;
  /** Tells the tier about a failure that happened elsewhere, in one of its files. */
  failed(error: unknown): void;
  resize(limitBytes: number): void;
  close(): Promise<void>;
  readonly objectLimitBytes: number;
  /** Whether it is in use. */
  readonly ready: boolean;
  readonly stats: DiskStats;
}

export interface DiskStats {
  readonly entries: number;
  /** Of all bodies, and a fixed amount for each entry. */
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
  // First of all, because it fails while another process uses the folder.
  const index = await openDiskIndex(join(options.folder, 'index.db'));
  try {
    return diskTier(index, await openObjects(options.folder), options);
  } catch (error) {
    index.close();
    throw error;
  }
}

function diskTier(index: DiskIndex, objects: Objects, options: DiskOptions): Disk {
  const { clock, warn } = options;
  const use = guard(clock, warn);
  const right = trust(objects);
  const purging = journal(index);
  const departing = leaving({ clock, isReferred: (sha256) => use.closed || index.hasBody(sha256), remove });
  const space = room({ clock, index, guard: use, orphaned, limitBytes: options.bytes });
  const hotPath = join(options.folder, 'hot.jsonl');
  let corrupted = 0;
  /** The newest purge that only a sweep carries out. What was saved may not have been carried out. */
  let unswept = index.ledger.size > 0 ? index.ledger.sequence : 0;

  async function remove(sha256: string): Promise<void> {
    right.delete(sha256);
    await objects.remove(sha256).catch(use.failed);
  }

  function orphaned(orphans: readonly Orphan[]): void {
    for (const { sha256 } of orphans) departing.add(sha256);
  }

  /** Works with the index, which knows of every purge then. */
  function withIndex<T>(otherwise: T, work: () => T): T {
    return use.run(otherwise, () => {
      orphaned(purging.retry());
      return work();
    });
  }

  /** Says that a stored body is not what it was, and forgets the entry. Others that refer to it find out as well. */
  function corrupt(entry: Entry): null {
    right.delete(entry.sha256);
    const known = use.closed ? null : index.variant(entry.key, variantOf(entry));
    if (known?.sha256 !== entry.sha256) return null;
    corrupted++;
    warn('a stored body is not what it was when it was written; it is dropped', { key: entry.key });
    orphaned(index.dropVariant(entry));
    return null;
  }

  async function commit(
    writer: ObjectWriter,
    describe: (sha256: string) => Entry,
    wanted: () => boolean,
  ): Promise<Entry | null> {
    let name: string | null = null;
    try {
      const sha256 = await writer.commit((named) => {
        name = named;
        return departing.hold(named);
      });
      right.add(sha256);
      const entry = describe(sha256);
      const kept = withIndex(false, () => {
        if (!wanted()) return false;
        orphaned(index.put(entry, clock.now()));
        return true;
      });
      if (!kept) departing.add(sha256);
      space.make();
      return kept ? entry : null;
    } catch (error) {
      use.failed(error);
      if (name !== null) departing.add(name);
      return null;
    } finally {
      if (name !== null) departing.release(name);
    }
  }

  // What earlier runs left behind is cleared while the node already serves.
  const swept = objects.sweep(departing.remove, () => use.closed).catch(use.failed);
  const stopUpkeep = every(clock, upkeepMs, () => {
    space.saveUses();
    space.make();
    void departing.sweep();
  });

  return {
    get stats() {
      const state = use.usable ? ('ready' as const) : ('suspended' as const);
      const { entries, bytes } = index.totals;
      return { entries, bytes, limitBytes: space.limitBytes, errors: use.errors, corrupt: corrupted, state };
    },
    get ready() {
      return use.usable;
    },
    objectLimitBytes: options.objectBytes,

    ledger: index.ledger,

    find: (key, headers) =>
      withIndex(null, () => {
        const entry = index.find(key, headers);
        if (entry) space.used(entry);
        return entry;
      }),

    variant: (key, variant) => withIndex(null, () => index.variant(key, variant)),

    body: (entry) =>
      use.runLater(null, async () =>
        (await right.isRight(entry)) ? Bun.file(objects.path(entry.sha256)) : corrupt(entry),
      ),

    bytes: (entry) =>
      use.runLater(null, async () => {
        const bytes = await objects.bytes(entry.sha256, entry.sizeBytes);
        return bytes ?? corrupt(entry);
      }),

    create: () =>
      use.runLater(null, async () => {
        const writer = await objects.create();
        space.grows(writer);
        return writer;
      }),

    commit,

    put: (describe, bytes, wanted) =>
      use.runLater(false, async () => {
        const writer = await objects.create();
        try {
          await writer.append([bytes]);
          return (await commit(writer, describe, wanted)) !== null;
        } finally {
          await writer.discard();
          await writer.close();
        }
      }),

    update: (entry) => withIndex(undefined, () => index.update(entry)),

    get position() {
      return index.purges.position;
    },

    passed(at) {
      if (use.closed) return;
      try {
        purging.passed(at);
      } catch (error) {
        use.failed(error);
      }
    },

    purge(mark, durable, at) {
      if (use.closed) return false;
      const before = unswept;
      unswept = index.ledger.sequence;
      try {
        const { orphans, isAll } = purging.add(mark, durable, at);
        if (isAll) unswept = before;
        orphaned(orphans);
        return true;
      } catch (error) {
        use.failed(error);
        return false;
      }
    },

    sweep: (from) =>
      withIndex(null, () => {
        const { orphans, next } = index.purgeSome(from);
        orphaned(orphans);
        return { next };
      }),

    retire: (upTo) =>
      withIndex(false, () => {
        index.purges.retire(upTo);
        if (unswept <= upTo) unswept = 0;
        return true;
      }),

    get needsSweep() {
      return unswept > 0;
    },

    forget(entry) {
      try {
        if (!use.closed) orphaned(index.dropVariant(entry));
      } catch (error) {
        use.failed(error);
      }
    },

    saveHot: (list) => use.runLater(undefined, () => writeHot(hotPath, objects.temporary('hot'), list)),
    loadHot: () => use.runLater([], () => readHot(hotPath)),

    failed: use.failed,

    resize(limitBytes) {
      space.limitBytes = limitBytes;
      space.make();
    },

    async close() {
      if (use.closed) return;
      stopUpkeep();
      space.close();
      use.close();
      await swept;
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
