/**
 * Metadata in one SQLite file: nothing to install, for an origin that is one machine. WAL with `synchronous = FULL`: what has
 * been acknowledged survives a power cut (sqlite.org/wal.html).
 *
 * Transactions run one after another, each within a savepoint; those that come in the same turn of the event loop are made
 * durable together, by one flush. Others read what was committed last, over a connection of their own.
 */
import { Database } from 'bun:sqlite';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { DocumentReader, MetadataStore, Transaction, TransactOptions } from '../../store.ts';
import { flushFolder } from '../file.ts';
import { inTime, type Row, rowRange, toDocument } from './document.ts';
import { encodeKey } from './key.ts';
import { steps, stepsFrom } from './schema.ts';
import { sqliteTransaction } from './sqlite-transaction.ts';

/** Transactions that may wait for their turn. */
const maxWaiting = 10_000;
/** Transactions that are made durable together. The first of them waits for the last. */
const maxTogether = 64;
/** A slow one ends the group. */
const togetherMs = 5;
/** How long to wait for another process that writes (it may be migrating), and how often to look. */
const busy = { waitMs: 10_000, everyMs: 10 };

export interface SqliteOptions {
  readonly path: string;
  readonly clock: Clock;
}

interface Turn {
  readonly lasting: boolean;
  /** Runs its work in the open transaction. Gives what tells its caller how it went, once that is certain. */
  run(): Promise<(failure: unknown) => void>;
  fail(error: unknown): void;
}

export async function openSqlite({ path, clock }: SqliteOptions): Promise<MetadataStore> {
  await mkdir(dirname(path), { recursive: true });
  const db = new Database(path, { create: true, strict: true });
  const closeAll: (() => void)[] = [() => db.close()];
  try {
    await patiently(() => db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL'), clock);
    await migrate(db, clock);
    await flushFolder(dirname(path));
    const reading = new Database(path, { readonly: true, strict: true });
    reading.exec('PRAGMA busy_timeout = 1000');
    closeAll.unshift(() => reading.close());
    return store(db, reading, clock, () => {
      for (const close of closeAll) close();
    });
  } catch (error) {
    for (const close of closeAll) close();
    throw sqliteFailure(error);
  }
}

function store(db: Database, reading: Database, clock: Clock, close: () => void): MetadataStore {
  const committed = reader(reading);
  const waiting: Turn[] = [];
  let running: Promise<void> | null = null;
  let closed = false;
  let isFlushing = true;

  async function runAll(): Promise<void> {
    while (waiting.length > 0) {
      // Whoever else has something to write by now is in the same commit.
      await setImmediate();
      await together();
    }
    running = null;
  }

  /** Whether commits wait for the disk from now on. Each flush is of all that was written before, too. */
  function flush(wanted: boolean): void {
    if (wanted === isFlushing) return;
    db.exec(`PRAGMA synchronous = ${wanted ? 'FULL' : 'NORMAL'}`);
    isFlushing = wanted;
  }

  /** Runs the next few, and acknowledges all of them by one commit. */
  async function together(): Promise<void> {
    const answers: ((failure: unknown) => void)[] = [];
    const startedMs = clock.elapsed();
    try {
      flush(waiting.slice(0, maxTogether).some(({ lasting }) => lasting));
      await patiently(() => db.exec('BEGIN IMMEDIATE'), clock);
    } catch (error) {
      // All have waited for the same: none of them would fare better on its own.
      for (const turn of waiting.splice(0)) turn.fail(sqliteFailure(error));
      return;
    }
    do {
      const turn = waiting.shift();
      if (turn) answers.push(await turn.run());
    } while (
      waiting.length > 0 &&
      answers.length < maxTogether &&
      clock.elapsed() - startedMs < togetherMs &&
      (isFlushing || waiting[0]?.lasting === false) &&
      db.inTransaction
    );
    const failure = commit(db);
    for (const answer of answers) answer(failure);
  }

  return {
    engine: 'sqlite',
    ...committed,

    transact<Result>(
      work: (transaction: Transaction) => Promise<Result>,
      { lasting = true }: TransactOptions = {},
    ): Promise<Result> {
      if (closed) return Promise.reject(new MeridianError('store-unavailable', 'the store is closed'));
      if (waiting.length >= maxWaiting) return Promise.reject(overloaded());
      const { promise, resolve, reject } = Promise.withResolvers<Result>();
      waiting.push({ lasting, run: () => runOne(db, work, clock, resolve, reject), fail: reject });
      running ??= runAll();
      return promise;
    },

    async check() {
      await committed.get(['check']);
    },

    async close() {
      closed = true;
      await running;
      close();
    },
  };
}

function overloaded(): MeridianError {
  return new MeridianError('overloaded', `${maxWaiting} transactions are waiting`, { retryAfterS: 1 });
}

/** One transaction, of which nothing remains if it fails. */
async function runOne<Result>(
  db: Database,
  work: (transaction: Transaction) => Promise<Result>,
  clock: Clock,
  resolve: (result: Result) => void,
  reject: (error: unknown) => void,
): Promise<(failure: unknown) => void> {
  const own = sqliteTransaction(db, reader(db));
  try {
    db.exec('SAVEPOINT turn');
    const result = await inTime(clock.after, work(own.transaction));
    own.end();
    db.exec('RELEASE turn');
    return (failure) => (failure === null ? resolve(result) : reject(failure));
  } catch (error) {
    own.end();
    // A full disk makes SQLite take everything back by itself; then there is no savepoint either.
    if (db.inTransaction) db.exec('ROLLBACK TO turn; RELEASE turn');
    const reason = sqliteFailure(error);
    return () => reject(reason);
  }
}

/** @returns why it failed, or `null`. */
function commit(db: Database): unknown {
  try {
    db.exec('COMMIT');
    return null;
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    return sqliteFailure(error);
  }
}

function reader(db: Database): DocumentReader {
  const one = db.query<Row, [Uint8Array]>('SELECT key, revision, value FROM documents WHERE key = ?');
  const some = (order: 'ASC' | 'DESC') =>
    db.query<Row, [Uint8Array, Uint8Array, number]>(
      `SELECT key, revision, value FROM documents WHERE key >= ? AND key < ? ORDER BY key ${order} LIMIT ?`,
    );
  const [ascending, descending] = [some('ASC'), some('DESC')];

  return {
    async get(key) {
      const row = guarded(() => one.get(encodeKey(key)));
      return row && toDocument(row);
    },
    async scan(prefix, scan = {}) {
      const range = rowRange(prefix, scan);
      const rows = range.descending ? descending : ascending;
      return guarded(() => rows.all(range.from, range.before, range.limit)).map(toDocument);
    },
  };
}

async function migrate(db: Database, clock: Clock): Promise<void> {
  await patiently(() => db.exec('BEGIN IMMEDIATE'), clock);
  try {
    using pragma = db.prepare<{ user_version: number }, []>('PRAGMA user_version');
    for (const { sqlite } of stepsFrom(pragma.get()?.user_version ?? 0)) db.exec(sqlite);
    db.exec(`PRAGMA user_version = ${steps.length}; COMMIT`);
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** Tries until no other process is in the way. SQLite's own waiting would hold up the whole process. */
async function patiently(work: () => void, clock: Clock): Promise<void> {
  const deadlineMs = clock.elapsed() + busy.waitMs;
  for (;;) {
    try {
      work();
      return;
    } catch (error) {
      if (errnoOf(error) !== 5 || clock.elapsed() >= deadlineMs) throw error;
    }
    await new Promise<void>((resolve) => clock.after(busy.everyMs, resolve));
  }
}

function guarded<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw sqliteFailure(error);
  }
}

/** SQLite's own failures in our terms; everything else as it is. */
function sqliteFailure(error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  // SQLITE_FULL
  const code = (errno & 0xff) === 13 ? 'store-full' : 'store-unavailable';
  return new MeridianError(code, 'the metadata file cannot be read or written', { cause: error });
}

function errnoOf(error: unknown): number | undefined {
  const isSqlite = error instanceof Error && error.name === 'SQLiteError' && 'errno' in error;
  return isSqlite && typeof error.errno === 'number' ? error.errno : undefined;
}
