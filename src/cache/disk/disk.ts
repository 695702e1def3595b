/**
 * The disk tier: entries that outlive the process and exceed memory, bounded in bytes. When the disk
 * fails, the tier steps aside for a while and the cache goes on without it.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Entry } from '../../entry.ts';
import type { CacheKey } from '../../resource.ts';
import type { Gone } from '../eviction/evictions.ts';
import type { Ledger } from '../purge/ledger.ts';
import { turns } from '../turns.ts';
import { batches } from './batches.ts';
import { guard } from './guard.ts';
import { readHot, writeHot } from './hot.ts';
import { type DiskIndex, type Kept, type Orphan, openDiskIndex } from './index.ts';
import { journal } from './journal.ts';
import { leaving } from './leaving.ts';
import { type Objects, openObjects, sha256Of } from './objects.ts';
import { room } from './room.ts';
import { variantOf } from './row.ts';
import { smallBodyBytes } from './small-bodies.ts';
import type { Disk } from './tier.ts';
import { trust } from './trust.ts';
import { unused } from './unused.ts';
import type { ObjectWriter } from './writer.ts';

export type { Disk, DiskStats } from './tier.ts';

/** How often the times of last use are written down, and files deleted. */
const upkeepMs = 5_000;
/** Bodies written at once that are files of their own. */
const filesAtOnce = 32;

export interface DiskOptions {
  readonly folder: string;
  readonly bytes: number;
  readonly objectBytes: number;
  readonly clock: Clock;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
  /** Told of each entry that goes. */
  readonly gone?: (gone: Gone) => void;
}

/** @param ledger what has been purged while the disk could not be opened: it holds for what is there. */
export async function openDisk(options: DiskOptions, ledger?: Ledger): Promise<Disk> {
  await mkdir(options.folder, { recursive: true });
  // First of all, because it fails while another process uses the folder.
  const index = await openDiskIndex(join(options.folder, 'index.db'), ledger, (each) => options.gone?.(each));
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
  const needless = unused({ clock, index, orphaned });
  const { bytes: limitBytes } = options;
  const space = room({ clock, index, guard: use, unused: needless, orphaned, limitBytes });
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
  function corrupt({ entry }: Kept): null {
    right.delete(entry.sha256);
    if (!isThere(entry)) return null;
    corrupted++;
    warn('a stored body is not what it was when it was written; it is dropped', { key: entry.key });
    orphaned(index.dropVariant(entry, 'corrupt'));
    return null;
  }

  function isThere(entry: Entry): boolean {
    const known = use.closed ? null : index.variant(entry.key, variantOf(entry));
    return known?.entry.sha256 === entry.sha256;
  }

  function smallBytes(kept: Kept): Uint8Array<ArrayBuffer> | null {
    const { entry, place } = kept;
    const bytes = index.body(place);
    if (!bytes) {
      // A power cut has taken it, which is as good as never having had it.
      if (isThere(entry)) orphaned(index.dropVariant(entry, 'lost'));
      return null;
    }
    return bytes.length === entry.sizeBytes && sha256Of(bytes) === entry.sha256 ? bytes : corrupt(kept);
  }

  function found(key: CacheKey, headers: Headers, note: (kept: Kept) => void): Kept | null {
    return withIndex(null, () => {
      const kept = index.find(key, headers);
      if (kept) note(kept);
      return kept;
    });
  }

  const additions = batches((batch: readonly Wanted[]) =>
    withIndex(
      batch.map(() => false),
      () => {
        const isKept = batch.map(({ wanted }) => wanted());
        const kept = batch.filter((_, at) => isKept[at]);
        const added = kept.map(({ describe, bytes }) => ({ entry: describe(), bytes }));
        if (added.length > 0) orphaned(index.put(added, clock.now()));
        space.make();
        return isKept;
      },
    ),
  );

  const writes = turns(filesAtOnce);

  async function commit(
    writer: ObjectWriter,
    describe: (sha256: string) => Entry,
    wanted: () => boolean,
  ): Promise<Entry | null> {
    let name: string | null = null;
    try {
      if (writer.sizeBytes <= smallBodyBytes) return await commitSmall(writer, describe, wanted);
      const sha256 = await writer.commit((named) => {
        name = named;
        return departing.hold(named);
      });
      right.add(sha256);
      const entry = describe(sha256);
      const kept = withIndex(false, () => {
        if (!wanted()) return false;
        orphaned(index.put([{ entry, bytes: null }], clock.now()));
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

  /** What is small is kept as such, however it has come. */
  async function commitSmall(
    writer: ObjectWriter,
    describe: (sha256: string) => Entry,
    wanted: () => boolean,
  ): Promise<Entry | null> {
    const bytes = new Uint8Array(writer.sizeBytes);
    if ((await writer.read(bytes, 0)) !== bytes.length) throw new Error('a file is shorter than it was');
    const entry = describe(sha256Of(bytes));
    const kept = await additions.add({ describe: () => entry, bytes, wanted });
    await writer.discard();
    return kept ? entry : null;
  }

  async function putFile({ describe, bytes, wanted }: Wanted): Promise<boolean> {
    const writer = await objects.create();
    try {
      await writer.append([bytes]);
      return (await commit(writer, describe, wanted)) !== null;
    } finally {
      await writer.discard();
      await writer.close();
    }
  }

  // What earlier runs left behind is cleared while the node already serves.
  const swept = objects.sweep(departing.remove, () => use.closed).catch(use.failed);
  const stopUpkeep = every(clock, upkeepMs, () => {
    space.keepUp();
    void departing.sweep();
  });

  return {
    get stats() {
      const state = use.usable ? ('ready' as const) : ('suspended' as const);
      const { entries, bytes } = index.totals;
      const counts = { errors: use.errors, corrupt: corrupted, unused: needless.dropped };
      return { entries, bytes, limitBytes: space.limitBytes, ...counts, state };
    },
    get ready() {
      return use.usable;
    },
    objectLimitBytes: options.objectBytes,

    ledger: index.ledger,

    find: (key, headers) => found(key, headers, space.used),
    locate: (key, headers) => found(key, headers, space.lookedAt),

    variant: (key, variant) => withIndex(null, () => index.variant(key, variant)),

    body: (kept) =>
      use.run<Blob | null | Promise<Blob | null>>(null, () => {
        const { entry, place } = kept;
        if (place > 0) {
          const bytes = smallBytes(kept);
          return bytes && new Blob([bytes]);
        }
        const asFile = (isRight: boolean) => (isRight ? objects.file(entry.sha256) : corrupt(kept));
        const checked = right.isRight(entry);
        return checked instanceof Promise
          ? use.runLater(null, async () => asFile(await checked))
          : asFile(checked);
      }),

    bytes: (kept) =>
      use.run<ReturnType<Disk['bytes']>>(null, () => {
        const { entry, place } = kept;
        if (place > 0) return smallBytes(kept);
        return use.runLater(
          null,
          async () => (await objects.bytes(entry.sha256, entry.sizeBytes)) ?? corrupt(kept),
        );
      }),

    create: (sha256) =>
      use.runLater(null, async () => {
        const writer = await objects.create(sha256);
        space.grows(writer);
        return writer;
      }),

    commit,

    put(describe, bytes, wanted) {
      if (!use.usable) return Promise.resolve(false);
      const addition = { describe, bytes, wanted };
      if (bytes.length <= smallBodyBytes) return additions.add(addition);
      return writes.take(() => use.runLater(false, () => putFile(addition)));
    },

    update: (entry) => withIndex(undefined, () => index.update(entry)),

    get position() {
      return index.purges.position;
    },
    passed: (at) => withIndex(undefined, () => purging.passed(at)),

    purge(marks, durable, at) {
      if (use.closed) return false;
      const before = unswept;
      unswept = index.ledger.sequence;
      try {
        const { orphans, isAll } = purging.add(marks, durable, at);
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

    keepUnused: (byRoute) => withIndex(undefined, () => needless.keep(byRoute)),
    unwanted: space.setBack,
    noteUse: (key, variant, usedMs) =>
      withIndex(undefined, () => {
        const kept = index.variant(key, variant);
        if (kept) space.usedInMemory(kept, usedMs);
      }),
    dropUnused: (from) =>
      withIndex(null, () => {
        space.saveUses();
        return { next: needless.drop(from) };
      }),

    held: (route, from) => withIndex(null, () => index.held(route, from)),

    get needsSweep() {
      return unswept > 0;
    },

    forget(entry) {
      try {
        if (!use.closed) orphaned(purging.withdraw(entry));
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
      additions.flush();
      space.close();
      use.close();
      await swept;
      index.close();
    },
  };
}

/** A body that is to be kept, if it is wanted when its turn has come. */
interface Wanted {
  readonly describe: () => Entry;
  readonly bytes: Uint8Array;
  readonly wanted: () => boolean;
}

function every(clock: Clock, periodMs: number, task: () => void): () => void {
  let cancel = clock.after(periodMs, run);
  function run(): void {
    task();
    cancel = clock.after(periodMs, run);
  }
  return () => cancel();
}
