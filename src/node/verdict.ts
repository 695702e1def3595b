/**
 * What a failing answer says of the node that gave it: by `Cache-Status`, in which the first member is the node that the
 * request has got to. When that is another one, or when the last word is a server's beyond the network, the parent has
 * done its part.
 */
import type { Answer } from '../entry.ts';
import { errors } from '../errors.ts';
import { parseCacheStatus } from '../http/cache-status.ts';
import type { Verdict } from '../parents/attempt.ts';
import type { Role } from '../protocol.ts';

/** Answers that say that something cannot do its work, rather than that the work has this result. */
const unable: ReadonlySet<number> = new Set([502, 503, 504]);

export function verdictOn(
  { status, headers }: Answer,
  parent: { readonly name: string; readonly role: Role },
): Verdict {
  if (!unable.has(status)) return 'good';
  const [furthest] = parseCacheStatus(headers.get('cache-status') ?? '');
  if (furthest === undefined) return 'unable';
  if (furthest.cache !== parent.name || furthest.fwdStatus !== undefined) return 'relayed';
  // Beyond an origin are the remotes.
  return parent.role === 'origin' && isOfRemotes(furthest.detail) ? 'relayed' : 'unable';
}

function isOfRemotes(detail = ''): boolean {
  const row = Object.entries(errors).find(([code]) => code === detail)?.[1];
  return row?.blame === 'upstream';
}
