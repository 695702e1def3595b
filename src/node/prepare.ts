/**
 * The head of a stored response as this node sends it. For a resident of memory it is made once a second at
 * most: of its fields only `Age` and the `ttl` in `Cache-Status` change, and both count in seconds.
 */
import { ageS, remainingS } from '../cache/freshness.ts';
import type { PreparedHead, Resident } from '../cache/memory.ts';
import type { Forwarding } from '../cache/served.ts';
import type { Head } from '../entry.ts';
import { formatCacheStatus } from '../http/cache-status.ts';
import { appendVia } from '../http/via.ts';
import { type Outcome, outcomes } from '../outcome.ts';
import type { Node } from './node.ts';

/** Fields that are Meridian's own business: stored, not sent. */
const ownPrefix = 'meridian-';

export function preparedHit(node: Node, resident: Resident, nowMs: number): PreparedHead {
  const second = Math.floor(nowMs / 1000);
  const { prepared } = resident;
  if (prepared !== null && prepared.second === second) return prepared;
  // off the hit path: once a second per resident
  const headers = storedHeaders(node, resident.entry, nowMs, 'hit', null);
  resident.prepared = { second, headers, timing: '' };
  return resident.prepared;
}

export function storedHeaders(
  node: Node,
  head: Head,
  nowMs: number,
  outcome: Outcome,
  forwarding: Forwarding | null,
): Headers {
  const headers = new Headers();
  for (const [name, value] of head.fields) {
    if (!name.startsWith(ownPrefix)) headers.append(name, value);
  }
  const { freshness } = head;
  headers.set('age', String(Math.max(0, Math.floor(ageS(freshness, nowMs)))));
  headers.set('via', appendVia(headers.get('via'), '1.1', node.name));
  const ttl = Math.floor(remainingS(freshness, nowMs));
  headers.set('cache-status', cacheStatus(node, outcome, forwarding, ttl));
  return headers;
}

/** This tier's member of `Cache-Status`, behind those of the tiers that the request went on to. */
export function cacheStatus(
  node: Node,
  outcome: Outcome,
  forwarding: Forwarding | null,
  ttl: number | undefined,
): string {
  const row = outcomes[outcome];
  const member = formatCacheStatus({
    cache: node.name,
    hit: row.hit,
    fwd: row.forward ?? undefined,
    fwdStatus: forwarding?.status,
    ttl,
    stored: forwarding?.stored,
    collapsed: forwarding?.collapsed,
    detail: detailOf(outcome, forwarding),
  });
  return forwarding?.cacheStatus ? `${forwarding.cacheStatus}, ${member}` : member;
}

/** What happened, and why: `stale-if-error:upstream-timeout`. */
function detailOf(outcome: Outcome, forwarding: Forwarding | null): string | undefined {
  const row = outcomes[outcome];
  const what = 'detail' in row ? row.detail : undefined;
  const why = forwarding?.detail;
  return what !== undefined && why !== undefined ? `${what}:${why}` : (what ?? why);
}
