/**
 * A node's answer to another one of its role that has named it as its sibling: what it has, or that it has not. No parent is asked for
 * it, so siblings that name each other make no circle. Where the node has several workers, the one that keeps the key is.
 */
import { asMeridianError, MeridianError } from '../errors.ts';
import { admitTier } from './admit.ts';
import { checked, isCheck } from './check.ts';
import { tellKept } from './kept.ts';
import type { Account, Node } from './node.ts';
import type { OpenExchange } from './open.ts';
import { packed } from './pack.ts';
import { cacheStatus } from './prepare.ts';
import { record, sign } from './record.ts';
import { noRoute, refuse } from './refuse.ts';
import { relay } from './relay.ts';
import { reply } from './reply.ts';
import type { Route } from './routes.ts';
import { tierField } from './tier.ts';

/**
 * In the answer to a sibling, with the name of the node that gives it: it is meant for a sibling. A server that takes the
 * request for a client's does not say so.
 */
export const siblingField = 'meridian-sibling';
/** Beside that field: it is not here. What servers failed with is never handed over. */
export const absentStatus = 504;

/** Whether a request may be one of a sibling. On the way of every hit of a PoP that is named as one. */
export function isOfSibling({ headers }: OpenExchange, { site }: Node): boolean {
  return site.isSibling && headers.get(tierField) !== null;
}

export function answerSibling(exchange: OpenExchange, node: Node): Response | Promise<Response> {
  const account = { exchange, route: '', kind: '' };
  const refusal = admitTier(exchange, node);
  if (refusal) return refuse(node, account, refusal);
  if (isCheck(exchange)) return checked(exchange, node);
  const { tier } = exchange;
  if (tier?.storedOnly !== true) {
    return refuse(node, account, new MeridianError('tier-refused', 'a PoP is no parent of other nodes'));
  }
  const route = node.site.routes.named(tier.route);
  return route
    ? packed(node, exchange, handOver(node, exchange, route))
    : refuse(node, account, noRoute(exchange));
}

/** What is stored here, for a sibling that has been admitted. */
export async function handOver(node: Node, exchange: OpenExchange, route: Route): Promise<Response> {
  const named = route.protocol.name(exchange);
  const account: Account = { exchange, route: route.name, kind: named.kind };
  exchange.trace = node.tracing.begin(exchange);
  if (named.as !== 'resource' || named.rendered === true || isBehind(node, exchange)) {
    return absent(node, account);
  }
  try {
    const obtained = await node.cache.handOver(named, exchange);
    if (obtained === null) {
      const relayed = node.ring === null ? null : await relay(node, node.ring, account, named.key);
      return relayed ?? absent(node, account);
    }
    const response = await reply(node, account, obtained);
    response.headers.set(siblingField, node.name);
    return response;
  } catch (thrown) {
    const error = asMeridianError(thrown);
    return error.code === 'only-if-cached' ? absent(node, account) : refuse(node, account, error);
  }
}

/** What the asker knows to be purged may still be here. It does not wait for that: its parents see to it. */
function isBehind({ purging }: Node, { tier }: OpenExchange): boolean {
  return tier?.knows !== undefined && purging.meets(tier.knows) !== true;
}

function absent(node: Node, account: Account): Response {
  const headers = new Headers({
    'cache-control': 'no-store',
    'cache-status': cacheStatus(node, 'absent', null, {}),
    [siblingField]: node.name,
  });
  const tookMs = sign(node, account.exchange, headers, null);
  record(node, account, tookMs, absentStatus, 0, 'absent');
  tellKept(account.exchange, headers);
  return new Response(null, { status: absentStatus, headers });
}
