/**
 * The bus's SQLite file: every process of the machine has it open. One that is damaged is put aside, and an empty one is made,
 * which is another log.
 */
import { Database } from 'bun:sqlite';
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { inlinePages } from './checkpoint.ts';

/** Raised when the layout changes: a file of another version is put aside. */
const layoutVersion = 1;
/** While it is opened. */
const openBusyMs = 2000;
/** For another process that is writing: the event loop stands still meanwhile, so what takes longer is tried again. */
const busyMs = 5;

export interface LogFile {
  readonly db: Database;
  /** Of the log, made with the file. */
  readonly identity: () => string;
  /** Gives the log another identity if it still has this one. Returns the one that it has now. */
  renew(id: string): string;
  /** Another number whenever another process has written to the file since this was last asked (sqlite.org/pragma.html). */
  writtenByOthers(): number;
  /** Whether the file is still the one at its path. */
  isCurrent(): Promise<boolean>;
  close(): void;
}

/** @param path of the file, or `:memory:`. */
export async function openLogFile(path: string): Promise<LogFile> {
  if (path === ':memory:') return logFile(prepared(path), () => Promise.resolve(true));
  await mkdir(dirname(path), { recursive: true });
  const db = await whole(path);
  const inode = await inodeOf(path);
  return logFile(db, async () => (await inodeOf(path)) === inode);
}

function logFile(db: Database, isCurrent: () => Promise<boolean>): LogFile {
  const known = db.query<{ id: string }, []>('SELECT id FROM identity');
  const change = db.query<null, [string, string]>('UPDATE identity SET id = ? WHERE id = ?');
  const version = db.query<{ data_version: number }, []>('PRAGMA data_version');

  function identity(): string {
    const row = known.get();
    if (row === null) throw new Error('the file of the bus is a log without an identity');
    return row.id;
  }

  return {
    db,
    identity,
    renew(id) {
      change.run(randomUUID(), id);
      return identity();
    },
    writtenByOthers: () => version.get()?.data_version ?? 0,
    isCurrent,
    close: () => db.close(),
  };
}

async function whole(path: string): Promise<Database> {
  try {
    return prepared(path);
  } catch (error) {
    if (!isDamage(error)) throw error;
    await rename(path, `${path}.damaged`);
    for (const suffix of ['-wal', '-shm']) await rm(path + suffix, { force: true });
    return prepared(path);
  }
}

async function inodeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).ino;
  } catch {
    // Gone: so it is not the one that was opened.
    return null;
  }
}

class OtherLayout extends Error {}

function prepared(path: string): Database {
  const db = new Database(path, { create: true, strict: true });
  try {
    // WAL and NORMAL: what was acknowledged survives the end of any process; a power cut may lose the newest events, which
    // subscribers notice (sqlite.org/wal.html).
    db.exec(`PRAGMA busy_timeout = ${openBusyMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL`);
    db.exec(`PRAGMA wal_autocheckpoint = ${inlinePages}`);
    db.transaction(() => lay(db)).immediate();
    db.exec(`PRAGMA busy_timeout = ${busyMs}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function lay(db: Database): void {
  using pragma = db.prepare<{ user_version: number }, []>('PRAGMA user_version');
  const version = pragma.get()?.user_version;
  if (version === layoutVersion) return;
  if (version !== 0) throw new OtherLayout(`a log of layout ${version}, not ${layoutVersion}`);
  db.exec(layout);
  db.run('INSERT INTO identity VALUES (1, ?)', [randomUUID()]);
}

/** Every subject counts its own events from 1. A view keeps the revisions of deleted keys for a while, for those who watch. */
const layout = `
  CREATE TABLE identity (one INTEGER PRIMARY KEY, id TEXT NOT NULL) STRICT;
  CREATE TABLE subjects (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, oldest INTEGER NOT NULL, newest INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE events (
    subject INTEGER NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL,
    PRIMARY KEY (subject, sequence)
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE views (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, forgotten INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE published (
    view INTEGER NOT NULL, key TEXT NOT NULL, revision INTEGER NOT NULL, value TEXT,
    PRIMARY KEY (view, key)
  ) WITHOUT ROWID, STRICT;
  CREATE INDEX published_by_revision ON published (view, revision);
  PRAGMA user_version = ${layoutVersion};
`;

/** SQLITE_CORRUPT, SQLITE_NOTADB, or a layout that this version does not know. */
function isDamage(error: unknown): boolean {
  if (error instanceof OtherLayout) return true;
  return error instanceof Error && 'errno' in error && (error.errno === 11 || error.errno === 26);
}

/** SQLITE_BUSY: another process is writing. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && error.errno === 5;
}
