/**
 * A phase of PoPs, before anything is asked for that is not stored for everybody: where nobody may tell what he may not read from what there is not
 * (`Protocol.concealed`), whoever has no right by name has one question asked for him that is answered alike for both. Only where it says
 * that there is something for everybody, his request goes on. So neither a status, nor an age, nor what a cache keeps, nor a
 * failure, nor the time that it takes says whether there is something.
 */
import type { Guard } from '../access/edge/guard.ts';
import { discard } from '../cache/lead.ts';
import type { Obtained } from '../cache/slices/object.ts';
import { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { type Deed, type Identity, isRestricted } from '../identity.ts';
import type { Concealed } from '../protocol.ts';
import type { Resource } from '../resource.ts';
import type { Node } from './node.ts';
import { ownExchange } from './own-exchange.ts';
import type { Route } from './routes.ts';

/** @throws what says that he may not, or that there is nothing; and whatever asking throws. */
// off the hit path: not in memory
export async function admitToConcealed(
  node: Node,
  guard: Guard,
  exchange: Exchange,
  route: Route,
  resource: Resource,
): Promise<void> {
  const concealed = route.protocol.concealed?.(resource) ?? null;
  if (concealed === null) return;
  const stored = node.cache.stored(resource, exchange);
  if (stored !== null && !isRestricted(stored.entry.fields)) return;
  const { subject = '' } = resource;
  const deed: Deed = { action: 'read', route: route.name, subject, restricted: true };
  const identity = await identified(guard, exchange);
  if (!(identity instanceof MeridianError) && identity.may(deed)) return;
  if (await isForEverybody(node, route, concealed)) return;
  throw asTold(
    concealed,
    subject,
    identity instanceof MeridianError ? identity : guard.denial(identity, deed, exchange),
  );
}

/** Whose credential is no good has no right, and hears that only where he would hear of a right that he lacks. */
async function identified(guard: Guard, exchange: Exchange): Promise<Identity | MeridianError> {
  try {
    return await guard.identify(exchange);
  } catch (thrown) {
    if (thrown instanceof MeridianError) return thrown;
    throw thrown;
  }
}

function asTold({ as }: Concealed, subject: string, denial: unknown): unknown {
  // Who would have it, had he asked for a token for that, is told to: he has the right by name.
  const isNarrow = denial instanceof MeridianError && denial.code === 'scope-too-narrow';
  return as === 'absent' && !isNarrow ? new MeridianError('not-found', `Not found: ${subject}`) : denial;
}

async function isForEverybody(node: Node, route: Route, { target }: Concealed): Promise<boolean> {
  const { cache, clock, site } = node;
  const times = { nowMs: clock.now(), startedMs: clock.elapsed() };
  const exchange = ownExchange({ method: 'GET', target, body: null, ...times });
  const named = route.protocol.name(exchange);
  if (named.as !== 'resource') throw new MeridianError('internal', `${target} is nothing that is stored`);
  const found = cache.lookup(named, exchange);
  const status =
    found.outcome === 'hit'
      ? found.resident.entry.status
      : statusOf(await cache.obtain(named, exchange, found, site.parentOf(route)));
  if (status === 200 || status === 404) return status === 200;
  throw new MeridianError('upstream-invalid', `the parent answered ${status}`);
}

function statusOf({ source }: Obtained): number {
  switch (source.from) {
    case 'memory':
    case 'disk':
      return source.entry.status;
    case 'fill':
      return source.fill.head.status;
    case 'slices':
      return source.object.head.status;
    case 'parent':
      discard(source.answer);
      return source.answer.status;
  }
}
