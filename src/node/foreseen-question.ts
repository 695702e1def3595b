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

type Naming = Pick<Node, 'site' | 'clock'>;

export interface ForeseenQuestion {
  readonly route: Route;
  readonly resource: Resource;
  readonly exchange: Exchange;
  /** In whose words. */
  readonly visitor: Visitor;
}

/** `null`: an address of another route, of none, or of nothing that is kept; or no address at all. */
export function questionFor(
  { site, clock }: Naming,
  routeName: string,
  { target, accept }: Foreseen,
  visitor: Visitor,
): ForeseenQuestion | null {
  if (!isTarget(target)) return null;
  const exchange = exchangeFor(target, accept, visitor, clock);
  const route = site.routes.match(visitor.authority, exchange.path);
  if (route === null || route.name !== routeName) return null;
  const resource = route.protocol.name(exchange);
  return resource.as === 'resource' ? { route, resource, exchange, visitor } : null;
}

/**
 * The same in the words of a client that has led to it by something of another kind: which codings a client takes depends on the kind. `null`: as of
 * `questionFor`.
 */
export function questionOfClient(
  node: Naming & Pick<Node, 'audience'>,
  routeName: string,
  foreseen: Foreseen,
  visitor: Visitor,
): ForeseenQuestion | null {
  const asked = questionFor(node, routeName, foreseen, visitor);
  if (asked === null || asked.resource.compress !== true) return asked;
  const { route, resource } = asked;
  const { kind } = resource;
  const agent = visitor.headers.get('user-agent') ?? '';
  const own = visitor.headers.get('accept-encoding') ?? '';
  const seen = node.audience.codings.of(route.name, kind, agent, own);
  const codings = seen ?? route.protocol.foresight?.codings?.(kind, agent) ?? own;
  return codings === own ? asked : questionFor(node, routeName, foreseen, taking(codings, visitor));
}

/** What is foreseen of one client is mostly in the same words. */
const taken = new WeakMap<Visitor, Map<string, Visitor>>();

function taking(codings: string, visitor: Visitor): Visitor {
  const all = taken.get(visitor) ?? new Map<string, Visitor>();
  taken.set(visitor, all);
  const known = all.get(codings);
  if (known !== undefined) return known;
  const headers = new Headers(visitor.headers);
  if (codings === '') headers.delete('accept-encoding');
  else headers.set('accept-encoding', codings);
  const made = { ...visitor, headers };
  all.set(codings, made);
  return made;
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
