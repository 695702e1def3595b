/**
 * The connections to PostgreSQL. Bun's pool waits for an answer for as long as it takes, which is forever when a server's machine
 * is gone without a word. So whoever uses it has so long; then all of its connections are given up, which those who wait on
 * them are told as a lost connection, and others are made.
 */
import { SQL } from 'bun';
import type { Clock } from '../../clock.ts';
import type { TlsPems } from '../../server-tls.ts';
import { gate } from '../gate.ts';

/** For one use of a connection, ms: more than a statement or a transaction may take, which end by themselves. */
export const answerMs = 15_000;
/** For one statement, at the server, ms. */
const statementMs = 10_000;
const connectS = 5;
/** Until an unused connection is closed. */
const idleS = 60;
/** Uses that may wait for a connection. */
const maxWaiting = 10_000;
/** For what is under way when the pool is closed. */
const closeS = 5;

export interface PostgresPool {
  use<Result>(work: (sql: SQL) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export interface PoolOptions {
  /** `postgres://user@host:port/database`, with `?sslmode=require` and the like. */
  readonly url: string;
  /** Without it, that of `PGPASSWORD`, or none. */
  readonly password?: string | undefined;
  /** What to trust and to show, in PEM; then the server's certificate has to be for its name, unless `sslmode` asks for less. */
  readonly tls?: TlsPems | undefined;
  /** Connections at most. What finds none free waits. */
  readonly connections: number;
  readonly clock: Clock;
}

export function postgresPool({ url, password, tls, connections, clock }: PoolOptions): PostgresPool {
  const turns = gate(connections, maxWaiting);
  let sql = connect();

  function connect(): SQL {
    return new SQL({
      url: tls === undefined ? url : withTls(url),
      ...(tls && { tls: { ...tls, rejectUnauthorized: true } }),
      ...(password === undefined ? {} : { password }),
      max: connections,
      idleTimeout: idleS,
      connectionTimeout: connectS,
      connection: { application_name: 'meridian', statement_timeout: String(statementMs) },
    });
  }

  function giveUp(silent: SQL): void {
    if (silent !== sql) return;
    sql = connect();
    silent.close({ timeout: 0 }).catch(() => {
      // Nothing is asked of it any more.
    });
  }

  return {
    use: (work) =>
      turns.through(async () => {
        const mine = sql;
        const cancel = clock.after(answerMs, () => giveUp(mine));
        try {
          return await work(mine);
        } finally {
          cancel();
        }
      }),
    close: () => sql.close({ timeout: closeS }),
  };
}

/** An address that says nothing of TLS would do without where the server does. */
function withTls(url: string): string {
  const address = new URL(url);
  if (!address.searchParams.has('sslmode')) address.searchParams.set('sslmode', 'verify-full');
  return address.href;
}
