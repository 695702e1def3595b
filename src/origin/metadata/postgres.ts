/**
 * Metadata in PostgreSQL, or what speaks its protocol (CockroachDB, YugabyteDB): for origins that have to outlive a machine.
 * Nothing is used that those lack: one table, no triggers, advisory locks, notifications or sequences.
 *
 * A transaction is SERIALIZABLE, and run again when the server finds it to collide with another, or the connection is lost
 * before its end.
 */
import type { SQL } from 'bun';
import { MeridianError } from '../../errors.ts';
import type { DocumentReader, MetadataStore, Transaction } from '../../store.ts';
import { conflict, inTime, newRevision, type Row, rowRange, toDocument, toText } from './document.ts';
import { encodeKey } from './key.ts';
import { failureOf, isLost, mayRunAgain } from './postgres-failure.ts';
import { type PoolOptions, postgresPool } from './postgres-pool.ts';
import { migrate } from './postgres-schema.ts';
import { type Ending, ending } from './transaction.ts';

/** How long transactions and questions are tried again, ms, and how long a pause between tries is at most. */
const patience = { totalMs: 10_000, firstPauseMs: 5, longestPauseMs: 500 };

export interface PostgresOptions extends PoolOptions {
  /** From 0 to 1: pauses differ, so that those who collided do not meet again. */
  readonly random: () => number;
}

/** Needs no server yet: whatever comes first connects, and brings the layout up to date. */
export function openPostgres({ clock, random, ...options }: PostgresOptions): MetadataStore {
  const pool = postgresPool({ clock, ...options });
  let migrated: Promise<void> | null = null;

  /** Once for this process; after a failure, anew. */
  function ready(): Promise<void> {
    migrated ??= pool.use(migrate).catch((error) => {
      migrated = null;
      throw error;
    });
    return migrated;
  }

  /** Until it succeeds, fails for good, or the time is up. */
  async function persistently<Result>(work: () => Promise<Result>): Promise<Result> {
    const deadlineMs = clock.elapsed() + patience.totalMs;
    for (let pauseMs = patience.firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, patience.longestPauseMs)) {
      try {
        await ready();
        return await work();
      } catch (error) {
        if (!mayRunAgain(error) || clock.elapsed() + pauseMs > deadlineMs) throw failureOf(error);
      }
      const jittered = pauseMs * (0.5 + random() / 2);
      await new Promise<void>((resolve) => clock.after(jittered, resolve));
    }
  }

  async function once<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    let workDone = false;
    try {
      return await pool.use((sql) =>
        sql.begin('isolation level serializable', async (connection) => {
          const own = transactionOn(connection);
          const result = await inTime(clock.after, work(own.transaction)).finally(own.end);
          workDone = true;
          return result;
        }),
      );
    } catch (error) {
      throw workDone && isLost(error) ? unsure(error) : error;
    }
  }

  return {
    engine: 'postgres',
    get: (key) => persistently(() => pool.use((sql) => readerOn(sql).get(key))),
    scan: (prefix, scan) => persistently(() => pool.use((sql) => readerOn(sql).scan(prefix, scan))),
    // Lasting in any case: engines differ in how a transaction may do without, and here it is the server that waits for its disk.
    transact: (work) => persistently(() => once(work)),
    async check() {
      try {
        await ready();
        await pool.use((sql) => readerOn(sql).get(['check']));
      } catch (error) {
        throw failureOf(error);
      }
    },
    close: pool.close,
  };
}

function unsure(cause: unknown): MeridianError {
  const detail = 'the connection was lost while committing: nobody can say whether it was carried out';
  return new MeridianError('store-unavailable', detail, { cause });
}

function readerOn(sql: SQL): DocumentReader {
  return {
    async get(key) {
      const rows: Row[] =
        await sql`SELECT key, revision, value FROM meridian_documents WHERE key = ${encodeKey(key)}`;
      return rows[0] === undefined ? null : toDocument(rows[0]);
    },
    async scan(prefix, scan = {}) {
      const { from, before, limit, descending } = rowRange(prefix, scan);
      const rows: Row[] = descending
        ? await sql`SELECT key, revision, value FROM meridian_documents
            WHERE key >= ${from} AND key < ${before} ORDER BY key DESC LIMIT ${limit}`
        : await sql`SELECT key, revision, value FROM meridian_documents
            WHERE key >= ${from} AND key < ${before} ORDER BY key LIMIT ${limit}`;
      return rows.map(toDocument);
    },
  };
}

function transactionOn(sql: SQL): Ending {
  const reader = readerOn(sql);
  const revision = newRevision();
  return ending({
    get: reader.get,
    scan: reader.scan,

    async put(key, value, expected) {
      const [name, text] = [encodeKey(key), toText(value)];
      const insert = sql`INSERT INTO meridian_documents (key, revision, value) VALUES (${name}, ${revision}, ${text})`;
      const { count } = await (expected === undefined
        ? sql`${insert} ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, value = excluded.value`
        : expected === null
          ? sql`${insert} ON CONFLICT (key) DO NOTHING`
          : sql`UPDATE meridian_documents SET revision = ${revision}, value = ${text}
              WHERE key = ${name} AND revision = ${expected}`);
      if (count === 0) throw conflict(key, expected ?? null);
      return revision;
    },

    async delete(key, expected) {
      const name = encodeKey(key);
      if (expected === undefined) {
        const { count } = await sql`DELETE FROM meridian_documents WHERE key = ${name}`;
        return count > 0;
      }
      const { count } =
        await sql`DELETE FROM meridian_documents WHERE key = ${name} AND revision = ${expected}`;
      if (count === 0) throw conflict(key, expected);
      return true;
    },
  });
}
