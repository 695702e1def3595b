/** What a protocol reads of its own route without anybody's request, through the origin's own cache. */
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import type { OriginHome } from '../protocol.ts';
import { ownExchange } from './own-exchange.ts';
import { ownAsk } from './policies.ts';
import type { Puller } from './pull.ts';
import type { Route } from './routes.ts';

export function readFor({ protocol }: Route, puller: Puller, clock: Clock): OriginHome['read'] {
  return (target, maxBytes) => {
    const times = { nowMs: clock.now(), startedMs: clock.elapsed() };
    const exchange = ownExchange({ method: 'GET', target, body: null, ...times });
    const named = protocol.name(exchange);
    if (named.as !== 'resource')
      throw new MeridianError('internal', `${target} is nothing that could be read`);
    const ask = { ...ownAsk(clock, 'read'), exchange, named };
    return puller.door(ask).read(named, ask, maxBytes);
  };
}
