/**
 * A shield: the second cache, which all PoPs of a region ask on a miss, so that the origin hears of each
 * thing once. It serves nodes of its network and nobody else; the rest is a PoP's way.
 */
import type { Listener } from '../http/listener.ts';
import { admitTier } from './admit.ts';
import { handOver } from './answer-sibling.ts';
import { checked, isCheck } from './check.ts';
import { answerTier } from './meet.ts';
import type { Node } from './node.ts';
import { type OpenExchange, open } from './open.ts';
import { packed } from './pack.ts';
import { noRoute, refuse } from './refuse.ts';

export function serve(request: Request, listener: Listener, node: Node): Response | Promise<Response> {
  return serveOpened(open(request, listener, node), node);
}

export function serveOpened(exchange: OpenExchange, node: Node): Response | Promise<Response> {
  const refusal = admitTier(exchange, node);
  if (refusal) return refuse(node, { exchange, route: '', kind: '' }, refusal);
  if (isCheck(exchange)) return checked(exchange, node);
  const route = node.site.routes.named(exchange.tier?.route ?? '');
  if (!route) return refuse(node, { exchange, route: '', kind: '' }, noRoute(exchange));
  if (exchange.tier?.storedOnly) return packed(node, exchange, handOver(node, exchange, route));
  const answered = packed(node, exchange, answerTier(node, exchange, route));
  return answered instanceof Promise ? exchange.enveloped(answered) : answered;
}
