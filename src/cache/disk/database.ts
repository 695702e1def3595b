/**
 * The index's SQLite file. What it says can be fetched again, so one that is damaged, or of another version, is
 * replaced by an empty one.
 */
import { Database } from 'bun:sqlite';
import { rm } from 'node:fs/promises';

/** Raised when the layout changes: an index of another version is dropped, and the cache starts empty. */
const layoutVersion = 3;
/** How long to wait for a predecessor that is just closing the file. */
const busyMs = 2000;

export async function openDatabase(path: string): Promise<Database> {
  try {
    return prepared(path);
  } catch (error) {
    if (isBusy(error)) throw inUse(path, error);
    if (!isDamage(error)) throw error;
    for (const suffix of ['', '-wal', '-shm']) await rm(path + suffix, { force: true });
    return prepared(path);
  }
}

function prepared(path: string): Database {
  const db = new Database(path, { create: true, strict: true });
  try {
    // One process has the file, and with it the folder, for itself. The system lets go of the lock when that process is
    // gone, however it went. WAL and NORMAL: a power cut may lose the newest entries, never the index (sqlite.org/wal.html).
    db.exec(`PRAGMA busy_timeout = ${busyMs}; PRAGMA locking_mode = EXCLUSIVE`);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    if (versionOf(db) !== layoutVersion)
      for (const table of ['entries', 'bodies', 'purges', 'state']) db.exec(`DROP TABLE IF EXISTS ${table}`);
    db.exec(layout);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Entries are found by a hash of their key, as text twice as long as all else in the row should not be there
 * twice. `state` is one row that changes with the others, in the same transaction, so that nothing has to be counted.
 */
const layout = `
  CREATE TABLE IF NOT EXISTS bodies (
    sha256 BLOB PRIMARY KEY, size INTEGER NOT NULL, entries INTEGER NOT NULL
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, used INTEGER NOT NULL, asof INTEGER NOT NULL,
    stored INTEGER NOT NULL, size INTEGER NOT NULL, sha256 BLOB NOT NULL,
    key TEXT NOT NULL, variant TEXT NOT NULL, tags TEXT NOT NULL, head TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS entries_by_hash ON entries (hash);
  CREATE INDEX IF NOT EXISTS entries_by_use ON entries (used);
  CREATE TABLE IF NOT EXISTS purges (
    name TEXT PRIMARY KEY, selector TEXT NOT NULL,
    hard INTEGER NOT NULL, soft INTEGER NOT NULL, softms INTEGER NOT NULL, suspect INTEGER NOT NULL
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE IF NOT EXISTS state (
    id INTEGER PRIMARY KEY, entries INTEGER NOT NULL, bytes INTEGER NOT NULL,
    sequence INTEGER NOT NULL, seed INTEGER NOT NULL, buslog TEXT, bussequence INTEGER NOT NULL
  ) STRICT;
  INSERT OR IGNORE INTO state VALUES (1, 0, 0, 0, abs(random() % 4294967296), NULL, 0);
  PRAGMA user_version = ${layoutVersion};
`;

function versionOf(db: Database): number | undefined {
  using pragma = db.prepare<{ user_version: number }, []>('PRAGMA user_version');
  return pragma.get()?.user_version;
}

/** SQLITE_CORRUPT or SQLITE_NOTADB. */
function isDamage(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && (error.errno === 11 || error.errno === 26);
}

/** SQLITE_BUSY: another connection has the file for itself. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && error.errno === 5;
}

function inUse(path: string, cause: unknown): Error {
  return new Error(
    `another process uses the cache folder of ${path}: stop it, or give this node a dataDir of its own`,
    { cause },
  );
}
