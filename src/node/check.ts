/**
 * How a node sees that a parent is there: a signed request for nothing, which no cache and no log has to do with.
 */
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { type Lane, request } from '../http/client.ts';
import { keepField, keepIn, keepText } from './kept.ts';
import type { Node } from './node.ts';
import { signTier, tierField } from './tier.ts';
import type { AskedNode } from './tier-request.ts';
import type { TierTls } from './tier-tls.ts';

/** In place of a route's name, which it cannot be. */
const checkRoute = '.';
const method = 'HEAD';
const target = '/';

export interface Checker {
  readonly node: string;
  readonly secret: string;
  readonly clock: Clock;
  readonly tls: TierTls;
  /** The connection and the answer, each. */
  readonly timeoutMs: number;
  readonly lane?: Lane;
}

/**
 * Rejects when there is no answer, or one that says that it cannot do its work.
 *
 * @param kept traces that it may have a part of, and that are kept.
 */
export async function checkNode(
  { url, http2 }: AskedNode,
  checker: Checker,
  signal: AbortSignal,
  kept: readonly string[] = [],
): Promise<void> {
  const { node, secret, clock, tls, timeoutMs, lane } = checker;
  const claim = { node, route: checkRoute, background: true };
  const headers = new Headers({ [tierField]: signTier(secret, claim, method, target, clock.now()) });
  if (kept.length > 0) headers.set(keepField, keepText(kept));
  const timeouts = { connectMs: timeoutMs, firstByteMs: timeoutMs, betweenBytesMs: timeoutMs };
  const { status } = await request(url + target, {
    ...{ method, headers, signal, timeouts, clock },
    direct: true,
    tls: tls.current,
    http2,
    lane,
  });
  // One that is older than this check says that there is no such route, and is well.
  if (status >= 500) throw new MeridianError('upstream-invalid', `the check was answered ${status}`);
}

export function isCheck({ tier }: Exchange): boolean {
  return tier?.route === checkRoute;
}

export function checked({ headers }: Exchange, { tracing }: Pick<Node, 'tracing'>): Response {
  const kept = keepIn(headers.get(keepField));
  if (kept.length > 0) tracing.keep(kept);
  return new Response(null, { status: 204 });
}
