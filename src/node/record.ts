/**
 * Last phase: what every response says about itself, and what the node notes about it.
 */

import type { PreparedHead } from '../cache/memory.ts';
import type { Entry } from '../entry.ts';
import type { Exchange } from '../exchange.ts';
import { mayBeSampled } from '../http/trace-context.ts';
import { type Outcome, outcomes } from '../outcome.ts';
import { hitsPerLook, type Popularity, type Subject } from '../telemetry/top/popularity.ts';
import type { Account, Node } from './node.ts';

/**
 * Request id and the time that this tier took to the first byte.
 *
 * @param beyond what the tiers behind this one took, by their own account.
 * @returns that time, ms.
 */
export function sign(
  node: Node,
  exchange: Exchange,
  headers: Headers,
  beyond: string | null | undefined,
): number {
  const tookMs = node.clock.elapsed() - exchange.startedMs;
  const own = node.timing(tookMs);
  headers.set('x-request-id', exchange.id);
  headers.set('server-timing', beyond ? `${beyond}, ${own}` : own);
  return tookMs;
}

/** What a hit needs of a node to be recorded. */
export type HitRecorder = Pick<
  Node,
  'name' | 'clock' | 'counts' | 'meter' | 'popularity' | 'guard' | 'accessLog' | 'tracing'
>;

type Sent = Pick<Entry, 'status' | 'sizeBytes'>;

/** A plain hit in memory: as `record`, and what was asked for is counted beside the head that is sent. */
export function recordHit(
  node: HitRecorder,
  account: Account,
  tookMs: number,
  entry: Sent,
  outcome: Outcome,
  prepared: PreparedHead,
): void {
  const { popularity } = node;
  if (popularity !== null) {
    if (prepared.hits++ === 0)
      popularity.serve(prepared, subjectOf(account, 'GET', entry.status), entry.sizeBytes);
    // Where not everybody may read, it is known who asks; else one looks for all.
    if (account.token !== undefined) {
      if (account.token !== null) nameHits(popularity, account, entry, account.token, 1);
    } else if (popularity.looks()) look(node, popularity, account, entry);
  }
  note(node, account, tookMs, entry.status, entry.sizeBytes, outcome, null);
}

// off the hit path: one of many hits
function look(node: HitRecorder, popularity: Popularity, account: Account, entry: Sent): void {
  const token = node.guard?.holder(account.exchange) ?? null;
  if (token !== null) nameHits(popularity, account, entry, token, hitsPerLook);
}

// off the hit path: who asks is known
function nameHits(
  popularity: Popularity,
  account: Account,
  { status, sizeBytes }: Sent,
  token: string,
  hits: number,
): void {
  popularity.name(subjectOf(account, 'GET', status), token, sizeBytes, hits);
}

/** What there is not is nobody's. */
// off the hit path: once a second for each resident
function subjectOf({ route, resource }: Account, method: string, status: number): Subject {
  return {
    route,
    name: status < 400 ? resource?.subject : undefined,
    isDownload: resource?.isDownload === true && status === 200 && method === 'GET',
  };
}

/** Of the network's own routes: the API, real timings. */
// off the hit path: not a plain hit
function isOwn(path: string): boolean {
  return path.startsWith('/.meridian/');
}

// off the hit path: not a plain hit
function countAsked(node: Node, account: Account, status: number, bytes: number | null): void {
  const { popularity, guard } = node;
  const { exchange, route } = account;
  if (popularity === null || exchange.tier !== null || route === '' || isOwn(exchange.path)) return;
  const token = account.token === undefined ? (guard?.holder(exchange) ?? null) : account.token;
  popularity.count(subjectOf(account, exchange.method, status), token, bytes ?? 0);
}

/**
 * @param tookMs as `sign` has told the client.
 * @param bytes of the body, as announced; `null` when its length was not known.
 * @param beyond what the parent said of the way beyond it (`Cache-Status`).
 */
export function record(
  node: Node,
  account: Account,
  tookMs: number,
  status: number,
  bytes: number | null,
  outcome: Outcome,
  beyond?: string | null,
): void {
  countAsked(node, account, status, bytes);
  note(node, account, tookMs, status, bytes, outcome, beyond ?? null);
}

function note(
  node: HitRecorder,
  account: Account,
  tookMs: number,
  status: number,
  bytes: number | null,
  outcome: Outcome,
  beyond: string | null,
): void {
  node.counts.requests++;
  if (outcomes[outcome].hit) node.counts.hits++;
  const { exchange, route, kind } = account;
  const layer = node.meter.record(route, outcome, status, bytes, tookMs, beyond);
  const { tracing, accessLog } = node;
  if (
    exchange.trace !== undefined ||
    tookMs >= tracing.slowMs[layer] ||
    status >= 500 ||
    (tracing.records && mayBeSampled(exchange.headers.get('traceparent')))
  )
    tracing.ended(exchange, { route, kind, layer, outcome, status, durationMs: tookMs });
  if (accessLog === null || !accessLog.wants(exchange.id, status, tookMs)) return;
  accessLog.record({
    timeMs: exchange.nowMs,
    id: exchange.id,
    node: node.name,
    client: accessLog.hasClient ? exchange.client() : '',
    method: exchange.method,
    target: exchange.target,
    status,
    bytes,
    durationMs: tookMs,
    outcome,
    kind,
    route,
    isRestricted: account.isRestricted,
    userAgent: exchange.headers.get('user-agent') ?? undefined,
    referer: accessLog.hasReferer ? (exchange.headers.get('referer') ?? undefined) : undefined,
    traceId: exchange.trace?.traceId,
  });
}

/** Another member of the ring has answered, counted and logged it; this one has its part of the trace. */
// off the hit path: what this worker has in memory is not handed over
export function recordRelayed(
  { tracing }: Node,
  { exchange, route, kind }: Account,
  durationMs: number,
  status: number,
  outcome: Outcome,
): void {
  tracing.ended(exchange, { route, kind, layer: null, outcome, status, durationMs });
}
