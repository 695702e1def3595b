/**
 * A phase of shields and origins, before they answer a node of their network: no answer may be older than the purges that
 * the asker knows of. A node that has not heard of them yet waits a moment; and when that does not help, it has what it
 * keeps confirmed by its own parent, which is told what the asker knows.
 */
import { answer, answerConfirmed } from './answer.ts';
import type { Node } from './node.ts';
import type { OpenExchange } from './open.ts';
import type { Route } from './routes.ts';

export function answerTier(node: Node, exchange: OpenExchange, route: Route): Response | Promise<Response> {
  const { tier } = exchange;
  const met = tier?.knows === undefined || node.purging.meets(tier.knows);
  if (met === true) return answer(node, exchange, route);
  return answerLater(node, exchange, route, met);
}

async function answerLater(
  node: Node,
  exchange: OpenExchange,
  route: Route,
  met: boolean | Promise<boolean>,
): Promise<Response> {
  if (await met) return answer(node, exchange, route);
  const { tier } = exchange;
  if (tier) exchange.tier = { ...tier, mustConfirm: true };
  return answerConfirmed(node, exchange, route);
}
