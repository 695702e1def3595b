/**
 * The origin: where truth lives, and the only node that talks to remotes. Its cache holds what was pulled
 * through. Its parents are the remotes, each asked by the protocol that knows how (`pull.ts`).
 */
import type { Listener } from '../http/listener.ts';
import { admitTier } from './admit.ts';
import { checked, isCheck } from './check.ts';
import { answerTier } from './meet.ts';
import type { Node } from './node.ts';
import { open } from './open.ts';
import { packed } from './pack.ts';
import { noRoute, refuse } from './refuse.ts';

export function serve(request: Request, listener: Listener, node: Node): Response | Promise<Response> {
  const exchange = open(request, listener, node);
  const refusal = admitTier(exchange, node);
  if (refusal) return refuse(node, { exchange, route: '', kind: '' }, refusal);
  if (isCheck(exchange)) return checked(exchange, node);
  const route = node.site.routes.named(exchange.tier?.route ?? '');
  if (!route) return refuse(node, { exchange, route: '', kind: '' }, noRoute(exchange));
  const answered = packed(node, exchange, answerTier(node, exchange, route));
  return answered instanceof Promise ? exchange.enveloped(answered) : answered;
}
