/**
 * What PostgreSQL's failures mean: the ones after which the same may be tried again, and all of them in our terms.
 */
import { SQL } from 'bun';
import { MeridianError } from '../../errors.ts';
import { tlsSentence } from '../../server-tls.ts';

/** SQLSTATEs: serialization_failure, deadlock_detected, and a server that starts, stops, or has no connection left. */
const passing = new Set(['40001', '40P01', '57P01', '57P02', '57P03', '53300']);
/** Of the client: the connection has ended, or there is none. */
const lost = new Set([
  'ERR_POSTGRES_CONNECTION_CLOSED',
  'ERR_POSTGRES_CONNECTION_REFUSED',
  'ERR_POSTGRES_CONNECTION_TIMEOUT',
  'ERR_POSTGRES_CONNECTION_FAILED',
]);
/** SQLSTATEs that two processes meet which make the same table at the same time: unique_violation, duplicate_table, duplicate_object. */
const alreadyMade = new Set(['23505', '42P07', '42710']);

export function isLost(error: unknown): boolean {
  return error instanceof SQL.PostgresError && (lost.has(error.code) || isStopping(error));
}

/** Whether nothing of it was carried out, and it may go well the next time. */
export function mayRunAgain(error: unknown): boolean {
  return error instanceof SQL.PostgresError && (isLost(error) || passing.has(error.errno ?? ''));
}

export function isAlreadyMade(error: unknown): boolean {
  return error instanceof SQL.PostgresError && alreadyMade.has(error.errno ?? '');
}

/** The server's own failures in our terms; everything else as it is. */
export function failureOf(error: unknown): unknown {
  const sentence = tlsSentence(error);
  if (!(error instanceof SQL.PostgresError) && sentence === null) return error;
  // disk_full
  const isFull = error instanceof SQL.PostgresError && error.errno === '53100';
  const why = sentence === null ? '' : `: TLS: ${sentence}`;
  const detail = `the metadata database cannot be used${why}`;
  return new MeridianError(isFull ? 'store-full' : 'store-unavailable', detail, { cause: error });
}

function isStopping(error: { errno?: string | undefined }): boolean {
  return error.errno === '57P01' || error.errno === '57P02';
}
