/**
 * A point of presence: where clients talk to the network. Start reading here.
 *
 * A request passes the phases from top to bottom, each of them one file: `open`, `admit`, `routes`, and
 * `answer`, which names what is asked for, looks it up in memory, and goes to the parent only if it must.
 */
import type { Listener } from '../http/listener.ts';
import { admit } from './admit.ts';
import { answer } from './answer.ts';
import { answerSibling, isOfSibling } from './answer-sibling.ts';
import type { Node } from './node.ts';
import { type OpenExchange, open } from './open.ts';
import { noRoute, refuse } from './refuse.ts';

export function serve(request: Request, listener: Listener, node: Node): Response | Promise<Response> {
  return serveOpened(open(request, listener, node), node);
}

export function serveOpened(exchange: OpenExchange, node: Node): Response | Promise<Response> {
  if (isOfSibling(exchange, node)) return answerSibling(exchange, node);
  const refusal = admit(exchange, node);
  if (refusal) return refuse(node, { exchange, route: '', kind: '' }, refusal);
  const route = node.site.routes.match(exchange.authority, exchange.path);
  if (!route) return refuse(node, { exchange, route: '', kind: '' }, noRoute(exchange));
  return answer(node, exchange, route);
}
