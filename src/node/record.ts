/**
 * Last phase: what every response says about itself, and what the node notes about it.
 */
import type { Exchange } from '../exchange.ts';
import { mayBeSampled } from '../http/trace-context.ts';
import { type Outcome, outcomes } from '../outcome.ts';
import type { Account, Node } from './node.ts';

/**
 * Request id and the time that this tier took to the first byte.
 *
 * @param beyond what the tiers behind this one took, by their own account.
 */
export function sign(
  node: Node,
  exchange: Exchange,
  headers: Headers,
  beyond: string | null | undefined,
): void {
  const own = node.timing(node.clock.elapsed() - exchange.startedMs);
  headers.set('x-request-id', exchange.id);
  headers.set('server-timing', beyond ? `${beyond}, ${own}` : own);
}

/**
 * @param bytes of the body, as announced; `null` when its length was not known.
 * @param beyond what the parent said of the way beyond it (`Cache-Status`).
 */
export function record(
  node: Node,
  account: Account,
  status: number,
  bytes: number | null,
  outcome: Outcome,
  beyond?: string | null,
): void {
  node.counts.requests++;
  if (outcomes[outcome].hit) node.counts.hits++;
  const { exchange, route, kind } = account;
  const durationMs = node.clock.elapsed() - exchange.startedMs;
  const layer = node.meter.record(route, outcome, status, bytes, durationMs, beyond ?? null);
  const { tracing } = node;
  if (
    exchange.trace !== undefined ||
    durationMs >= tracing.slowMs[layer] ||
    status >= 500 ||
    (tracing.records && mayBeSampled(exchange.headers.get('traceparent')))
  )
    tracing.ended(exchange, { route, kind, layer, outcome, status, durationMs });
  if (node.accessLog === null) return;
  node.accessLog.record({
    timeMs: exchange.nowMs,
    id: exchange.id,
    node: node.name,
    client: exchange.client(),
    method: exchange.method,
    target: exchange.target,
    status,
    bytes,
    durationMs,
    outcome,
    kind,
    route,
    userAgent: exchange.headers.get('user-agent') ?? undefined,
    traceId: exchange.trace?.traceId,
  });
}

/** Another member of the ring has answered, counted and logged it; this one has its part of the trace. */
// off the hit path: what this worker has in memory is not handed over
export function recordRelayed(
  { tracing, clock }: Node,
  { exchange, route, kind }: Account,
  status: number,
  outcome: Outcome,
): void {
  const durationMs = clock.elapsed() - exchange.startedMs;
  tracing.ended(exchange, { route, kind, layer: null, outcome, status, durationMs });
}
