/**
 * The disk tier's index: which entries there are, which file holds each body, and when each was last used.
 * An SQLite database, so that it opens at once whatever its size, takes no memory of its own, and
 * survives a crash whole: an entry is written here only after its body's file is complete.
 */
import { Database } from 'bun:sqlite';
import type { Entry } from '../../entry.ts';
import type { CacheKey } from '../../resource.ts';

/** Raised when the layout changes: an index of another version is dropped, and the cache starts empty. */
const layoutVersion = 1;

/** A body that no entry refers to any more. Its row is gone; deleting its file is the caller's part. */
export interface Orphan {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface DiskIndex {
  /** All variants of a key, newest first. */
  find(key: CacheKey): Entry[];
  /** Adds or replaces an entry. */
  put(entry: Entry, usedMs: number): { readonly added: boolean; readonly orphans: readonly Orphan[] };
  /** Notes when entries were last used, for the choice of whom to drop. */
  touch(uses: Iterable<{ readonly entry: Entry; readonly usedMs: number }>): void;
  dropKey(key: CacheKey): readonly Orphan[];
  dropBody(sha256: string): readonly Orphan[];
  /** Drops the least recently used entries, until bodies of `bytes` in sum are orphans. */
  dropOldest(bytes: number): readonly Orphan[];
  hasBody(sha256: string): boolean;
  totals(): { readonly entries: number; readonly bytes: number };
  close(): void;
}

interface Removed {
  sha256: string;
  size: number;
}

export function openDiskIndex(path: string): DiskIndex {
  const db = openDatabase(path);
  const select = db.prepare<{ head: string }, [string]>(
    'SELECT head FROM entries WHERE key = ? ORDER BY stored DESC',
  );
  const insertBody = db.prepare('INSERT OR IGNORE INTO bodies (sha256, size) VALUES (?, ?)');
  const insertEntry = db.prepare(
    'INSERT INTO entries (key, variant, sha256, size, head, stored, used) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const updateUsed = db.prepare('UPDATE entries SET used = ? WHERE key = ? AND variant = ?');
  const deleteVariant = db.prepare<Removed, [string, string]>(
    'DELETE FROM entries WHERE key = ? AND variant = ? RETURNING sha256, size',
  );
  const deleteKey = db.prepare<Removed, [string]>('DELETE FROM entries WHERE key = ? RETURNING sha256, size');
  const deleteByBody = db.prepare<Removed, [string]>(
    'DELETE FROM entries WHERE sha256 = ? RETURNING sha256, size',
  );
  const oldest = db.prepare<{ key: string; variant: string }, []>(
    'SELECT key, variant FROM entries ORDER BY used LIMIT 64',
  );
  const referred = db.prepare<{ found: number }, [string]>(
    'SELECT 1 AS found FROM entries WHERE sha256 = ? LIMIT 1',
  );
  const deleteBody = db.prepare('DELETE FROM bodies WHERE sha256 = ?');
  const selectBody = db.prepare<{ found: number }, [string]>(
    'SELECT 1 AS found FROM bodies WHERE sha256 = ?',
  );
  const totals = db.prepare<{ entries: number; bytes: number }, []>(
    'SELECT (SELECT count(*) FROM entries) AS entries, (SELECT coalesce(sum(size), 0) FROM bodies) AS bytes',
  );

  /** Of the bodies that entries were removed from: those that nothing refers to now. */
  function orphansAmong(removed: readonly Removed[]): Orphan[] {
    const orphans: Orphan[] = [];
    for (const { sha256, size } of removed) {
      if (referred.get(sha256) !== null) continue;
      if (deleteBody.run(sha256).changes > 0) orphans.push({ sha256, sizeBytes: size });
    }
    return orphans;
  }

  const put = db.transaction((entry: Entry, usedMs: number) => {
    const variant = variantOf(entry);
    const replaced = deleteVariant.all(entry.key, variant);
    const added = insertBody.run(entry.sha256, entry.sizeBytes).changes > 0;
    const head = JSON.stringify(entry);
    const { receivedMs } = entry.freshness;
    insertEntry.run(entry.key, variant, entry.sha256, entry.sizeBytes, head, receivedMs, usedMs);
    return { added, orphans: orphansAmong(replaced) };
  });

  const dropOldest = db.transaction((bytes: number) => {
    const orphans: Orphan[] = [];
    for (let left = bytes; left > 0; ) {
      const rows = oldest.all();
      if (rows.length === 0) break;
      for (const { key, variant } of rows) {
        for (const orphan of orphansAmong(deleteVariant.all(key, variant))) {
          orphans.push(orphan);
          left -= orphan.sizeBytes;
        }
        if (left <= 0) break;
      }
    }
    return orphans;
  });

  return {
    find: (key) => select.all(key).map((row) => JSON.parse(row.head) as Entry),
    put,
    touch: db.transaction((uses: Iterable<{ readonly entry: Entry; readonly usedMs: number }>) => {
      for (const { entry, usedMs } of uses) updateUsed.run(usedMs, entry.key, variantOf(entry));
    }),
    dropKey: db.transaction((key: CacheKey) => orphansAmong(deleteKey.all(key))),
    dropBody: db.transaction((sha256: string) => orphansAmong(deleteByBody.all(sha256))),
    dropOldest,
    hasBody: (sha256) => selectBody.get(sha256) !== null,
    totals: () => totals.get() ?? { entries: 0, bytes: 0 },
    close: () => db.close(),
  };
}

function openDatabase(path: string): Database {
  const db = new Database(path, { create: true, strict: true });
  // WAL and NORMAL: a power cut may lose the newest entries, never the index (sqlite.org/wal.html).
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000');
  const version = db.query<{ user_version: number }, []>('PRAGMA user_version').get()?.user_version;
  if (version !== layoutVersion) db.exec('DROP TABLE IF EXISTS entries; DROP TABLE IF EXISTS bodies');
  db.exec(`
    CREATE TABLE IF NOT EXISTS bodies (sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID, STRICT;
    CREATE TABLE IF NOT EXISTS entries (
      key TEXT NOT NULL, variant TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
      head TEXT NOT NULL, stored INTEGER NOT NULL, used INTEGER NOT NULL,
      PRIMARY KEY (key, variant)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS entries_by_use ON entries (used);
    CREATE INDEX IF NOT EXISTS entries_by_body ON entries (sha256);
    PRAGMA user_version = ${layoutVersion};
  `);
  return db;
}

/** Variants of a key differ in the request fields that selected them, and in nothing else. */
export function variantOf(entry: Entry): string {
  return entry.selecting.length === 0 ? '' : JSON.stringify(entry.selecting);
}
