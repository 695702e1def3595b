/**
 * The disk tier's index: which entries there are, which file holds each body, and when each was last used.
 * An SQLite database, so that it opens at once whatever its size, takes no memory of its own, and
 * survives a crash whole: an entry is written here only after its body's file is complete.
 */
import type { Database } from 'bun:sqlite';
import type { Entry } from '../../entry.ts';
import { selects } from '../../http/vary.ts';
import type { CacheKey } from '../../resource.ts';
import { openDatabase } from './database.ts';

/** Variants of one key kept at once; the oldest give way. A look-up reads them all. */
const maxVariants = 64;
/** Entries dropped in one go, which nothing else can interrupt: about 2 ms. */
const maxDroppedAtOnce = 128;

/** What an entry takes beside the bytes of its body: its row, its file's inode, the rest of its last block. */
export const entryBytes = 4096;

/** A body that no entry refers to any more. Its row is gone; deleting its file is the caller's part. */
export interface Orphan {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface DiskIndex {
  /** The newest variant that these request fields select. */
  find(key: CacheKey, headers: Headers): Entry | null;
  /** Adds or replaces an entry. */
  put(entry: Entry, usedMs: number): readonly Orphan[];
  /** Replaces the metadata of an entry, if it is still there with the same body. */
  update(entry: Entry): void;
  /** Notes when entries were last used, for the choice of whom to drop. */
  touch(uses: Iterable<{ readonly entry: Entry; readonly usedMs: number }>): void;
  dropKey(key: CacheKey): readonly Orphan[];
  dropVariant(entry: Entry): readonly Orphan[];
  dropBody(sha256: string): readonly Orphan[];
  dropAll(): readonly Orphan[];
  /** Drops the entries that were used least recently, until `bytes` are free. Only some of them at a time. */
  dropOldest(bytes: number): readonly Orphan[];
  hasBody(sha256: string): boolean;
  readonly totals: Totals;
  close(): void;
}

export interface Totals {
  readonly entries: number;
  /** Of all bodies, each counted once, and `entryBytes` for each entry. */
  readonly bytes: number;
}

interface Removed {
  sha256: string;
  size: number;
}

export async function openDiskIndex(path: string): Promise<DiskIndex> {
  const db = await openDatabase(path);
  const run = statements(db);
  /** Kept up to date with every change, as counting takes as long as there are entries. */
  const { entries = 0, bodyBytes = 0 } = run.totals.get() ?? {};
  const totals = { entries, bytes: bodyBytes + entries * entryBytes };

  /** Of the bodies that entries were removed from: those that nothing refers to now. */
  function orphansAmong(removed: readonly Removed[]): Orphan[] {
    const orphans: Orphan[] = [];
    for (const { sha256, size } of removed) {
      if (run.referred.get(sha256) !== null) continue;
      if (run.deleteBody.run(sha256).changes > 0) orphans.push({ sha256, sizeBytes: size });
    }
    return orphans;
  }

  /** Runs a change as one transaction, and counts what it did once it is done. */
  function change<Arguments extends unknown[]>(work: (...given: Arguments) => Change) {
    const transaction = db.transaction(work);
    return (...given: Arguments): readonly Orphan[] => {
      const { added = 0, addedBytes = 0, removed, orphans } = transaction(...given);
      totals.entries += added - removed;
      totals.bytes += addedBytes + (added - removed) * entryBytes;
      for (const { sizeBytes } of orphans) totals.bytes -= sizeBytes;
      return orphans;
    };
  }

  function removal(rows: readonly Removed[]): Change {
    return { removed: rows.length, orphans: orphansAmong(rows) };
  }

  return {
    find(key, headers) {
      for (const { head } of run.select.all(key)) {
        const entry = JSON.parse(head) as Entry;
        if (entry.selecting.length === 0 || selects(entry.selecting, headers)) return entry;
      }
      return null;
    },

    put: change((entry: Entry, usedMs: number) => {
      const { key, sha256, sizeBytes, freshness } = entry;
      const rows = run.deleteVariant.all(key, variantOf(entry));
      const isNew = run.insertBody.run(sha256, sizeBytes).changes > 0;
      const head = JSON.stringify(entry);
      run.insertEntry.run(key, variantOf(entry), sha256, sizeBytes, head, freshness.receivedMs, usedMs);
      if (entry.selecting.length > 0) rows.push(...run.deleteSurplus.all(key, key, maxVariants));
      return { added: 1, addedBytes: isNew ? sizeBytes : 0, ...removal(rows) };
    }),

    update(entry) {
      const { key, sha256, freshness } = entry;
      run.updateHead.run(JSON.stringify(entry), freshness.receivedMs, key, variantOf(entry), sha256);
    },

    touch: db.transaction((uses: Iterable<{ readonly entry: Entry; readonly usedMs: number }>) => {
      for (const { entry, usedMs } of uses) run.updateUsed.run(usedMs, entry.key, variantOf(entry));
    }),

    dropKey: change((key: CacheKey) => removal(run.deleteKey.all(key))),
    dropVariant: change((entry: Entry) => removal(run.deleteVariant.all(entry.key, variantOf(entry)))),
    dropBody: change((sha256: string) => removal(run.deleteByBody.all(sha256))),
    dropAll: change(() => removal(run.deleteAll.all())),
    dropOldest: change((bytes: number) => {
      const orphans: Orphan[] = [];
      let removed = 0;
      let left = bytes;
      for (const { rowid } of run.oldest.all(maxDroppedAtOnce)) {
        if (left <= 0) break;
        const { orphans: few } = removal(run.deleteRow.all(rowid));
        removed++;
        left -= entryBytes;
        for (const orphan of few) {
          orphans.push(orphan);
          left -= orphan.sizeBytes;
        }
      }
      return { removed, orphans };
    }),
    hasBody: (sha256) => run.selectBody.get(sha256) !== null,
    totals,
    close() {
      // A connection with open statements stays open, and its file locked, until they are collected.
      for (const statement of Object.values(run)) statement.finalize();
      db.close();
    },
  };
}

interface Change {
  readonly added?: number;
  readonly addedBytes?: number;
  readonly removed: number;
  readonly orphans: readonly Orphan[];
}

/** Variants of a key differ in the request fields that selected them, and in nothing else. */
export function variantOf(entry: Entry): string {
  return entry.selecting.length === 0 ? '' : JSON.stringify(entry.selecting);
}

function statements(db: Database) {
  const removing = <Parameters extends (string | number)[]>(where: string) =>
    db.prepare<Removed, Parameters>(`DELETE FROM entries WHERE ${where} RETURNING sha256, size`);
  return {
    select: db.prepare<{ head: string }, [string]>(
      'SELECT head FROM entries WHERE key = ? ORDER BY stored DESC, rowid DESC',
    ),
    insertBody: db.prepare('INSERT OR IGNORE INTO bodies (sha256, size) VALUES (?, ?)'),
    insertEntry: db.prepare(
      'INSERT INTO entries (key, variant, sha256, size, head, stored, used) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    updateHead: db.prepare(
      'UPDATE entries SET head = ?, stored = ? WHERE key = ? AND variant = ? AND sha256 = ?',
    ),
    updateUsed: db.prepare('UPDATE entries SET used = ? WHERE key = ? AND variant = ?'),
    deleteVariant: removing<[string, string]>('key = ? AND variant = ?'),
    deleteKey: removing<[string]>('key = ?'),
    deleteSurplus: removing<[string, string, number]>(
      'key = ? AND rowid IN (SELECT rowid FROM entries WHERE key = ? ORDER BY stored DESC, rowid DESC LIMIT -1 OFFSET ?)',
    ),
    deleteByBody: removing<[string]>('sha256 = ?'),
    deleteAll: removing<[]>('true'),
    deleteRow: removing<[number]>('rowid = ?'),
    oldest: db.prepare<{ rowid: number }, [number]>('SELECT rowid FROM entries ORDER BY used LIMIT ?'),
    referred: db.prepare<{ found: number }, [string]>(
      'SELECT 1 AS found FROM entries WHERE sha256 = ? LIMIT 1',
    ),
    deleteBody: db.prepare('DELETE FROM bodies WHERE sha256 = ?'),
    selectBody: db.prepare<{ found: number }, [string]>('SELECT 1 AS found FROM bodies WHERE sha256 = ?'),
    totals: db.prepare<{ entries: number; bodyBytes: number }, []>(
      'SELECT (SELECT count(*) FROM entries) AS entries, (SELECT coalesce(sum(size), 0) FROM bodies) AS bodyBytes',
    ),
  };
}
