/**
 * The index's SQLite file. What it says can be fetched again, so one that is damaged, or of another version, is
 * replaced by an empty one.
 */
import { Database } from 'bun:sqlite';
import { rm } from 'node:fs/promises';

/** Raised when the layout changes: an index of another version is dropped, and the cache starts empty. */
const layoutVersion = 1;

export async function openDatabase(path: string): Promise<Database> {
  try {
    return prepared(path);
  } catch (error) {
    if (!isDamage(error)) throw error;
    for (const suffix of ['', '-wal', '-shm']) await rm(path + suffix, { force: true });
    return prepared(path);
  }
}

function prepared(path: string): Database {
  const db = new Database(path, { create: true, strict: true });
  try {
    // WAL and NORMAL: a power cut may lose the newest entries, never the index (sqlite.org/wal.html).
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000');
    if (versionOf(db) !== layoutVersion) db.exec('DROP TABLE IF EXISTS entries; DROP TABLE IF EXISTS bodies');
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
  } catch (error) {
    db.close();
    throw error;
  }
}

function versionOf(db: Database): number | undefined {
  using pragma = db.prepare<{ user_version: number }, []>('PRAGMA user_version');
  return pragma.get()?.user_version;
}

/** SQLITE_CORRUPT or SQLITE_NOTADB. */
function isDamage(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && (error.errno === 11 || error.errno === 26);
}
