/** What is foreseen, named as if a client had asked for it in his own words. */
import type { Clock } from '../clock.ts';
import type { Exchange } from '../exchange.ts';
import type { Foreseen } from '../foresight.ts';
import type { Visitor } from '../predict/visitor.ts';
import { isTarget } from '../predict/wire.ts';
import type { Resource } from '../resource.ts';
import type { Node } from './node.ts';
import { ownExchange } from './own-exchange.ts';
import type { Route } from './routes.ts';

export interface ForeseenQuestion {
  readonly route: Route;
  readonly resource: Resource;
  readonly exchange: Exchange;
}

/** `null`: an address of another route, of none, or of nothing that is kept; or no address at all. */
export function questionFor(
  { site, clock }: Pick<Node, 'site' | 'clock'>,
  routeName: string,
  { target, accept }: Foreseen,
  visitor: Visitor,
): ForeseenQuestion | null {
  if (!isTarget(target)) return null;
  const exchange = exchangeFor(target, accept, visitor, clock);
  const route = site.routes.match(visitor.authority, exchange.path);
  if (route === null || route.name !== routeName) return null;
  const resource = route.protocol.name(exchange);
  return resource.as === 'resource' ? { route, resource, exchange } : null;
}

function exchangeFor(target: string, accept: string | undefined, visitor: Visitor, clock: Clock): Exchange {
  const times = { nowMs: clock.now(), startedMs: clock.elapsed() };
  const question = target.indexOf('?');
  const { base, authority } = visitor;
  let { headers } = visitor;
  if (accept !== undefined) {
    headers = new Headers(headers);
    headers.set('accept', accept);
  }
  return {
    ...ownExchange({ method: 'GET', target, body: null, ...times }),
    ...{ headers, base, authority },
    path: question < 0 ? target : target.slice(0, question),
    query: question < 0 ? '' : target.slice(question),
  };
}
