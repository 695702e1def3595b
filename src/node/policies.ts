/**
 * The policies of an origin's routes, as its API asks about them.
 */
import type { PolicyReader } from '../access/api/endpoint.ts';
import type { Clock } from '../clock.ts';
import type { Ask } from '../parent.ts';
import { ownExchange } from './own-exchange.ts';
import type { Puller } from './pull.ts';
import type { Route } from './routes.ts';

/** An upstream may have to be asked. */
const withinMs = 25_000;

export function policiesOf(
  pullers: ReadonlyMap<Route, Puller>,
  clock: Clock,
): (route: string) => PolicyReader | null {
  return (name) => {
    for (const [route, puller] of pullers) {
      const { policy } = route.protocol;
      if (route.name !== name || policy === undefined) continue;
      return {
        terms: policy.terms,
        refused: policy.refused,
        sources: policy.sources,
        explain(subject) {
          const ask = ownAsk(clock, 'policy');
          return policy.explain(subject, ask, puller.door(ask));
        },
      };
    }
    return null;
  };
}

/** A question of the origin's own to its protocols. */
export function ownAsk(clock: Clock, kind: string): Ask {
  const times = { nowMs: clock.now(), startedMs: clock.elapsed() };
  return {
    exchange: ownExchange({ method: 'GET', target: '/', body: null, ...times }),
    named: { as: 'pass', kind, why: 'bypass', ask: [] },
    stored: null,
    background: false,
    reload: false,
    signal: AbortSignal.timeout(withinMs),
  };
}
