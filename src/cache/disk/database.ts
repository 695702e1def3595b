/**
 * The disk tier's SQLite files. What they say can be fetched again, so one that is damaged, or of another version, is
 * replaced by an empty one.
 */
import { Database } from 'bun:sqlite';
import { rm } from 'node:fs/promises';

/** What a file holds, and how. */
export interface Layout {
  /** Raised when the layout changes: a file of another version is dropped. From 1. */
  readonly version: number;
  /** Said first, before there is anything in the file. */
  readonly settings: string;
  readonly tables: string;
}

/** How long to wait for a predecessor that is just closing the file, and what a node that serves already can spare. */
const busyMs = { atStart: 2000, whileServing: 0 };
export type When = keyof typeof busyMs;

export async function openDatabase(
  path: string,
  layout: Layout = indexLayout,
  when: When = 'atStart',
): Promise<Database> {
  try {
    const db = prepared(path, layout, when);
    if (db) return db;
  } catch (error) {
    if (isBusy(error)) throw inUse(path, error);
    if (!isDamage(error)) throw error;
  }
  return openEmpty(path, layout);
}

/** In place of what there is. Nobody has that open. */
export async function openEmpty(path: string, layout: Layout): Promise<Database> {
  for (const suffix of ['', '-wal', '-shm']) await rm(path + suffix, { force: true });
  const db = prepared(path, layout, 'atStart');
  if (!db) throw new Error(`${path} was replaced by somebody else`);
  return db;
}

/** `null` when it is of another version. */
function prepared(path: string, { version, settings, tables }: Layout, when: When): Database | null {
  const db = new Database(path, { create: true, strict: true });
  try {
    // One process has the file, and with it the folder, for itself. The system lets go of the lock when that process is
    // gone, however it went.
    db.exec(`PRAGMA busy_timeout = ${busyMs[when]}; PRAGMA locking_mode = EXCLUSIVE; ${settings}`);
    db.exec('PRAGMA journal_mode = WAL');
    const found = versionOf(db);
    if (found !== 0 && found !== version) {
      db.close();
      return null;
    }
    db.exec(`${tables}; PRAGMA user_version = ${version}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Entries are found by a hash of their key, as text twice as long as all else in the row should not be there
 * twice. `state` is one row that changes with the others, in the same transaction, so that nothing has to be counted.
 * `noted` says since when each use of a route has been noted. `place` is where a small body is (`small-bodies.ts`), or 0 when a body is a file.
 *
 * WAL and NORMAL: a power cut may lose the newest entries, never the index (sqlite.org/wal.html).
 */
const indexLayout: Layout = {
  version: 5,
  settings: 'PRAGMA synchronous = NORMAL',
  tables: `
  CREATE TABLE IF NOT EXISTS bodies (
    sha256 BLOB PRIMARY KEY, size INTEGER NOT NULL, entries INTEGER NOT NULL, place INTEGER NOT NULL
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, used INTEGER NOT NULL, asof INTEGER NOT NULL,
    stored INTEGER NOT NULL, size INTEGER NOT NULL, place INTEGER NOT NULL, sha256 BLOB NOT NULL,
    key TEXT NOT NULL, variant TEXT NOT NULL, tags TEXT NOT NULL, head TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS entries_by_hash ON entries (hash);
  CREATE INDEX IF NOT EXISTS entries_by_use ON entries (used);
  CREATE TABLE IF NOT EXISTS noted (route TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID, STRICT;
  CREATE TABLE IF NOT EXISTS purges (
    name TEXT PRIMARY KEY, selector TEXT NOT NULL,
    hard INTEGER NOT NULL, soft INTEGER NOT NULL, softms INTEGER NOT NULL, suspect INTEGER NOT NULL
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE IF NOT EXISTS state (
    id INTEGER PRIMARY KEY, entries INTEGER NOT NULL, bytes INTEGER NOT NULL,
    sequence INTEGER NOT NULL, place INTEGER NOT NULL, seed INTEGER NOT NULL,
    buslog TEXT, bussequence INTEGER NOT NULL, busdigest TEXT
  ) STRICT;
  INSERT OR IGNORE INTO state VALUES (1, 0, 0, 0, 0, abs(random() % 4294967296), NULL, 0, NULL);
`,
};

function versionOf(db: Database): number | undefined {
  using pragma = db.prepare<{ user_version: number }, []>('PRAGMA user_version');
  return pragma.get()?.user_version;
}

/** SQLITE_CORRUPT or SQLITE_NOTADB. */
export function isDamage(error: unknown): boolean {
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
