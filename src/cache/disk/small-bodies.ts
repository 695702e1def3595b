/**
 * The bodies of small objects: rows of an SQLite file of their own, since a file for each costs many times what its
 * bytes do. The index says which body is in which place; a place is used once and never again.
 *
 * Nothing is flushed here. After a crash of the process all is as it was; a power cut may lose or damage anything, so
 * whatever is read is compared with its digest, and a file that makes no sense is replaced by an empty one.
 * What is lost that way is fetched again.
 */
import type { Database } from 'bun:sqlite';
import { isDamage, type Layout, openDatabase, openEmpty } from './database.ts';

/** A longer body is a file: from here on, copying its bytes on the event loop costs as much as the way around it. */
export const smallBodyBytes = 64 * 1024;

/** Pages that hold nothing stay for what comes next, up to this share of all and at least so many: 16 MiB. */
const freeShare = 1 / 8;
const minFreePages = 2048;
/** Given back in one go: about half a millisecond. */
const trimmedPages = 32;

/**
 * Pages twice as large as usual, as most bodies are longer than one. The log is copied into place every 128 of them, which
 * nothing else can interrupt: about a millisecond.
 */
const layout: Layout = {
  version: 1,
  settings: `PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = OFF;
    PRAGMA wal_autocheckpoint = 128`,
  tables: 'CREATE TABLE IF NOT EXISTS bodies (place INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT',
};

export interface Placed {
  readonly place: number;
  readonly bytes: Uint8Array;
}

export interface SmallBodies {
  /** `null` when it has been lost. It may be wrong. */
  get(place: number): Uint8Array<ArrayBuffer> | null;
  /** Adds and then removes bodies, all or none. What is in a place already is replaced. */
  change(added: readonly Placed[], removed: readonly number[]): void;
  /** Gives back some room that nothing is in, if there is too much. Tells whether there may be more. */
  trim(): boolean;
  close(): void;
}

/** @param lastPlace the newest place that the index knows of: what is behind it was never committed there. */
export async function openSmallBodies(path: string, lastPlace: number): Promise<SmallBodies> {
  let open: Open | null = await openAfter(path, lastPlace);
  let isClosed = false;
  let isReplacing = false;

  function use<T>(work: (open: Open) => T): T {
    if (!open) {
      void replace();
      throw new Error('the file of small bodies is being replaced');
    }
    try {
      return work(open);
    } catch (error) {
      if (isDamage(error)) {
        open.close();
        open = null;
        void replace();
      }
      throw error;
    }
  }

  /** Does not reject: it is tried again when the file is next wanted. */
  async function replace(): Promise<void> {
    if (isReplacing || isClosed) return;
    isReplacing = true;
    const db = await openEmpty(path, layout).catch(() => null); // See above.
    isReplacing = false;
    open = db && opened(db);
    if (isClosed) open?.close();
  }

  return {
    get: (place) => use(({ run }) => run.get.get(place)?.bytes ?? null),
    change: (added, removed) => use(({ change }) => change(added, removed)),

    trim: () =>
      use(({ run, db }) => {
        const free = run.free.get()?.freelist_count ?? 0;
        const pages = run.pages.get()?.page_count ?? 0;
        if (free <= Math.max(minFreePages, pages * freeShare)) return false;
        db.exec(`PRAGMA incremental_vacuum(${trimmedPages})`);
        return true;
      }),

    close() {
      isClosed = true;
      open?.close();
    },
  };
}

async function openAfter(path: string, lastPlace: number): Promise<Open> {
  if (lastPlace === 0) return opened(await openEmpty(path, layout));
  const open = opened(await openDatabase(path, layout));
  try {
    open.run.removeBehind.run(lastPlace);
    return open;
  } catch (error) {
    open.close();
    if (!isDamage(error)) throw error;
    return opened(await openEmpty(path, layout));
  }
}

interface Open {
  readonly db: Database;
  readonly run: ReturnType<typeof statements>;
  readonly change: (added: readonly Placed[], removed: readonly number[]) => void;
  close(): void;
}

function opened(db: Database): Open {
  const run = statements(db);
  return {
    db,
    run,
    change: db.transaction((added: readonly Placed[], removed: readonly number[]) => {
      for (const { place, bytes } of added) run.put.run(place, bytes);
      for (const place of removed) run.remove.run(place);
    }),
    close() {
      for (const statement of Object.values(run)) statement.finalize();
      db.close();
    },
  };
}

function statements(db: Database) {
  return {
    get: db.prepare<{ bytes: Uint8Array<ArrayBuffer> }, [number]>('SELECT bytes FROM bodies WHERE place = ?'),
    put: db.prepare<null, [number, Uint8Array]>('INSERT OR REPLACE INTO bodies (place, bytes) VALUES (?, ?)'),
    remove: db.prepare<null, [number]>('DELETE FROM bodies WHERE place = ?'),
    removeBehind: db.prepare<null, [number]>('DELETE FROM bodies WHERE place > ?'),
    free: db.prepare<{ freelist_count: number }, []>('PRAGMA freelist_count'),
    pages: db.prepare<{ page_count: number }, []>('PRAGMA page_count'),
  };
}
