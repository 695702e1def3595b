/**
 * The head of a stored response as this node sends it. For a resident of memory it is made once a second at
 * most: of its fields only `Age` and the `ttl` in `Cache-Status` change, and both count in seconds.
 */
import { ageS, remainingS } from '../cache/freshness.ts';
import type { PreparedHead, Resident } from '../cache/memory.ts';
import type { Forwarding } from '../cache/served.ts';
import type { Head } from '../entry.ts';
import { formatCacheStatus } from '../http/cache-status.ts';
import { ownTarget } from '../http/targeted.ts';
import { appendVia } from '../http/via.ts';
import { accessField } from '../identity.ts';
import { type Outcome, outcomes } from '../outcome.ts';
import type { CacheKey } from '../resource.ts';
import type { Node } from './node.ts';

/** Fields that are Meridian's own business: stored, not sent. */
const ownPrefix = 'meridian-';
/** Of these, what goes from node to node. */
const betweenNodes: ReadonlySet<string> = new Set([ownTarget, accessField]);

export function preparedHit(node: Node, resident: Resident, nowMs: number): PreparedHead {
  const second = Math.floor(nowMs / 1000);
  const { prepared } = resident;
  if (prepared !== null && prepared.second === second) return prepared;
  // off the hit path: once a second per resident
  const { entry } = resident;
  const headers = storedHeaders(node, entry, nowMs, hitOutcome(resident), null, node.role !== 'pop');
  if (entry.status !== 204) headers.set('content-length', String(entry.sizeBytes));
  resident.prepared = { second, headers, timing: '', hits: 0 };
  return resident.prepared;
}

export function hitOutcome({ isReplica }: Resident): 'hit' | 'hit-replica' {
  return isReplica ? 'hit-replica' : 'hit';
}

/** @param toNode what a server says to Meridian alone goes from node to node, and not on to clients (RFC 9213 §2.2). */
export function storedHeaders(
  node: Node,
  head: Head,
  nowMs: number,
  outcome: Outcome,
  forwarding: Forwarding | null,
  toNode: boolean,
): Headers {
  const headers = new Headers();
  for (const [name, value] of head.fields) {
    if (!name.startsWith(ownPrefix) || (toNode && betweenNodes.has(name))) headers.append(name, value);
  }
  for (const [name, value] of forwarding?.own ?? []) headers.append(name, value);
  const { freshness } = head;
  const age = Math.floor(ageS(freshness, nowMs));
  if (age > 0 || isFromStore(outcome, forwarding)) headers.set('age', String(age));
  headers.set('via', appendVia(headers.get('via'), '1.1', node.name));
  const ttl = Math.floor(remainingS(freshness, nowMs));
  headers.set('cache-status', cacheStatus(node, outcome, forwarding, { ttl, key: head.key }));
  return headers;
}

/** An `Age` says that the origin has neither made nor confirmed a response for this request (RFC 9111 §5.1). */
function isFromStore(outcome: Outcome, forwarding: Forwarding | null): boolean {
  return outcomes[outcome].hit || outcome === 'stale-on-error' || forwarding?.collapsed === true;
}

/** What there is to say of the response itself. */
interface Known {
  readonly ttl?: number | undefined;
  readonly key?: CacheKey | undefined;
}

/** This tier's member of `Cache-Status`, behind those of the tiers that the request went on to. */
export function cacheStatus(
  node: Node,
  outcome: Outcome,
  forwarding: Forwarding | null,
  { ttl, key }: Known,
): string {
  const row = outcomes[outcome];
  const member = formatCacheStatus({
    cache: node.name,
    hit: row.hit,
    fwd: row.forward ?? undefined,
    fwdStatus: forwarding?.status,
    ttl,
    key: node.site.config.cacheStatusKey ? key : undefined,
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
