/**
 * A disk that could not be opened when the node started: it is tried again and again in the background, and taken into use
 * when it opens. Until then it is like one that has failed: nothing is found there, and nothing kept.
 *
 * What is purged meanwhile holds for what is on it. For that, purges are numbered by the time of the start, which is more
 * than any number on the disk, and none is forgotten before the disk has been gone through.
 */
import type { Place } from '../../bus.ts';
import { type Ledger, openLedger } from '../purge/ledger.ts';
import { type Disk, type DiskOptions, type DiskStats, openDisk } from './disk.ts';

/** When it is tried again: twice as late each time, up to the longest. */
const firstRetryMs = 1_000;
const longestRetryMs = 30_000;

/** Never fails: a disk that cannot be opened costs the disk cache, not the node. */
export async function openDiskInTime(options: DiskOptions): Promise<Disk> {
  const { folder, clock, warn } = options;
  try {
    return await openDisk(options);
  } catch (error) {
    warn('the disk cache cannot be opened; the node serves from memory alone until it can', {
      folder,
      error,
    });
    return unopened(options, openLedger({ sequence: Math.floor(clock.now()), marks: [] }));
  }
}

function unopened(options: DiskOptions, ledger: Ledger): Disk {
  const { folder, clock, warn } = options;
  const startedMs = clock.elapsed();
  let disk: Disk | null = null;
  let limitBytes = options.bytes;
  let keptUnused: ReadonlyMap<string, number> = new Map();
  let attempts = 1;
  /** The place on the bus that this node has come to meanwhile. */
  let at: Place | undefined;
  let isClosed = false;
  let opening = Promise.resolve();
  let cancel = clock.after(firstRetryMs, retry);

  function retry(): void {
    opening = open();
  }

  async function open(): Promise<void> {
    try {
      const opened = await openDisk({ ...options, bytes: limitBytes }, ledger);
      if (isClosed) return await opened.close();
      opened.purge([...ledger.marks()], false);
      doubt(opened);
      opened.resize(limitBytes);
      opened.keepUnused(keptUnused);
      disk = opened;
      warn('the disk cache could be opened, and is in use', { folder, afterMs: clock.elapsed() - startedMs });
    } catch {
      // As before: it has been said once, and `errors` counts on.
      if (isClosed) return;
      cancel = clock.after(Math.min(longestRetryMs, firstRetryMs * 2 ** attempts++), retry);
    }
  }

  /** Nobody has told it of the purges on the bus between its place there and the start of this node. */
  function doubt(opened: Disk): void {
    if (opened.position === null && at === undefined) return;
    const suspicion = { selector: { by: 'all' }, soft: true, suspect: true } as const;
    if (opened.stats.entries > 0) opened.purge([ledger.add(suspicion, clock.now())], false, at);
    else if (at) opened.passed(at);
  }

  return {
    ledger,
    objectLimitBytes: options.objectBytes,
    get ready() {
      return disk?.ready ?? false;
    },
    get needsSweep() {
      return disk?.needsSweep ?? true;
    },
    get stats(): DiskStats {
      const unused = { entries: 0, bytes: 0 };
      const none = { ...unused, unused, corrupt: 0, state: 'unopened' } as const;
      return disk?.stats ?? { ...none, limitBytes, errors: attempts };
    },

    find: (key, headers) => disk?.find(key, headers) ?? null,
    locate: (key, headers) => disk?.locate(key, headers) ?? null,
    variant: (key, variant) => disk?.variant(key, variant) ?? null,
    body: async (entry) => (await disk?.body(entry)) ?? null,
    bytes: async (entry) => (await disk?.bytes(entry)) ?? null,
    create: async (sha256) => (await disk?.create(sha256)) ?? null,
    commit: async (writer, describe, wanted) => (await disk?.commit(writer, describe, wanted)) ?? null,
    put: async (describe, bytes, wanted) => (await disk?.put(describe, bytes, wanted)) ?? false,
    update: (entry) => disk?.update(entry),
    get position() {
      return disk?.position ?? null;
    },
    passed(to) {
      at = to;
      disk?.passed(to);
    },
    purge(marks, durable, to) {
      at = to ?? at;
      return disk?.purge(marks, durable, to) ?? false;
    },
    sweep: (from) => disk?.sweep(from) ?? null,
    retire: (upTo) => disk?.retire(upTo) ?? false,
    keepUnused(byRoute) {
      keptUnused = byRoute;
      disk?.keepUnused(byRoute);
    },
    unwanted: (keys) => disk?.unwanted(keys),
    noteUse: (key, variant, usedMs) => disk?.noteUse(key, variant, usedMs),
    dropUnused: (from) => disk?.dropUnused(from) ?? null,
    held: (route, from) => disk?.held(route, from) ?? null,
    forget: (entry) => disk?.forget(entry),
    saveHot: async (list) => disk?.saveHot(list),
    loadHot: async () => (await disk?.loadHot()) ?? [],
    failed: (error) => disk?.failed(error),

    resize(bytes) {
      limitBytes = bytes;
      disk?.resize(bytes);
    },

    async close() {
      isClosed = true;
      cancel();
      await opening;
      await disk?.close();
    },
  };
}
