/**
 * What an answer means that stands for a failure. A node of our own network that could not reach its parent says so in
 * its member of `Cache-Status`: whoever asked it is cut off from the origin just as well, though by an answer. An origin that asks no upstream,
 * by the config, says so in its own, which all tiers hear.
 */
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import { parseCacheStatus } from '../http/cache-status.ts';
import { isDisconnection, isOffline } from './freshness.ts';

export function failureIn({ status, headers }: Answer): MeridianError {
  const members = parseCacheStatus(headers.get('cache-status') ?? '');
  const offline = members.map(({ detail = '' }) => detail).find(isOffline);
  if (offline !== undefined) return new MeridianError(offline, 'the origin asks no upstream');
  const code = members.at(-1)?.detail;
  if (code === undefined || !isDisconnection(code)) return statusError(status);
  return new MeridianError(code, `the parent answered ${status}, as its own could not be reached`);
}

/** What a failing answer means for those who cannot have the answer itself. */
export function statusError(status: number): MeridianError {
  const code = status === 429 ? 'upstream-limiting' : 'upstream-invalid';
  return new MeridianError(code, `the parent answered ${status}`);
}
