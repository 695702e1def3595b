/**
 * Requests to the API that come by a node's own admin listener, from people at the console: asked of the origin for whoever holds
 * the token that they bring, with his own address, by a node of any role. They never pass a listener for clients or for tiers, so
 * nobody can claim from outside to come this way, and they are not counted as traffic.
 */
import type { ApiAnswer } from '../access/api/serve.ts';
import { asMeridianError, MeridianError } from '../errors.ts';
import { parsedJson } from '../http/json.ts';
import { withoutToken } from './authorise.ts';
import type { Node } from './node.ts';
import { ownExchange } from './own-exchange.ts';
import { apiBaseOf, askedAtField } from './system.ts';
import type { Holders } from './token-holders.ts';

export interface VisitRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/.meridian/v1`, with its query. */
  readonly target: string;
  /** The field of this name; `null`: without one. */
  readonly authorization: string | null;
  /** As it was sent; empty for none. */
  readonly body: string;
  /** The visitor's. */
  readonly address: string;
}

/** A purge may wait for all nodes for a minute. */
const withinMs = 100_000;

/** Never fails: what goes wrong is an answer, too. */
export async function visit(node: Node, holders: Holders, request: VisitRequest): Promise<ApiAnswer> {
  try {
    return await asked(node, holders, request);
  } catch (thrown) {
    const { code, detail, row, explanation, cause } = asMeridianError(thrown);
    if (row.blame === 'meridian') node.log.error('a request to the API failed', { error: cause ?? thrown });
    return { status: row.status, body: { error: explanation, code, detail } };
  }
}

async function asked(node: Node, holders: Holders, request: VisitRequest): Promise<ApiAnswer> {
  const { method, address, authorization, body } = request;
  const { clock, site } = node;
  const headers = new Headers(authorization === null ? {} : { authorization });
  const own = ownExchange({
    ...{ method, target: apiBaseOf(request.target), nowMs: clock.now(), startedMs: clock.elapsed() },
    body: body === '' ? null : new TextEncoder().encode(body),
  });
  const visitor = { ...own, headers, client: () => address };
  const token = await holders.tokenOf(visitor);
  const onward = withoutToken(visitor);
  if (node.role === 'pop') onward.headers.set(askedAtField, site.config.url);
  // With somebody behind it, always: what a node asks for itself, it may.
  const tier = {
    ...{ node: node.name, route: site.system.name, background: false },
    caller: { token, address },
  };
  const exchange = { ...onward, tier };
  const named = site.system.protocol.name(exchange);
  if (named.as !== 'pass') throw new MeridianError('internal', 'the API is asked every time');
  const signal = AbortSignal.timeout(withinMs);
  const parent = site.parentOf(site.system);
  const answer = await parent({ exchange, named, stored: null, background: false, reload: false, signal });
  return { status: answer.status, body: parsedJson(await new Response(answer.body).text()) };
}
