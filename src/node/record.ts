/**
 * Last phase: what every response says about itself, and what the node notes about it.
 */
import type { Exchange } from '../exchange.ts';
import { type Outcome, outcomes } from '../outcome.ts';
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
  node.counts.requests++;
  if (outcomes[outcome].hit) node.counts.hits++;
  const { exchange, route, kind } = account;
  node.meter.record(route, outcome, status, bytes, tookMs, beyond ?? null);
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
    durationMs: tookMs,
    outcome,
    kind,
    route,
    userAgent: exchange.headers.get('user-agent') ?? undefined,
  });
}
