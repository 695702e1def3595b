/**
 * What a PoP or a shield is told to have, taken from its own cache and the ordinary way to its parents: whoever asks for the same
 * meanwhile follows the same fill. Nobody is given anything by it, so it asks for nobody's rights: those of whoever comes are looked at then.
 */
import { discard } from '../cache/lead.ts';
import type { Obtained } from '../cache/slices/object.ts';
import type { PrefetchItem } from '../foresight.ts';
import { isMeant } from '../messages/prefetch.ts';
import { type Keeper, openKeeper, type Shelf } from '../prefetch/keeper.ts';
import type { Resource } from '../resource.ts';
import type { Log } from '../telemetry/log.ts';
import type { Node } from './node.ts';
import { ownExchange } from './own-exchange.ts';
import type { Route } from './routes.ts';
import { type Seat, workerName } from './seat.ts';

type Keeping = Pick<Node, 'name' | 'role' | 'bus' | 'clock' | 'cache' | 'ring' | 'site'>;

/** `null` at an origin, which has what it has. */
export function keepPrefetched(node: Keeping, seat: Seat | undefined, log: Log): Keeper | null {
  const { name, role, bus, clock } = node;
  if (role === 'origin') return null;
  return openKeeper({
    ...{ bus, clock, self: { node: name, worker: seat ? workerName(name, seat.worker) : name } },
    isFor: (to) => nodesOf(node).some((each) => isMeant(to, each)),
    shelf: shelfOf(node),
    limits: () => node.site.config.prefetch,
    warn: (message, fields) => log.warn(message, fields),
  });
}

/** What one node of a ring shall have, any of its members may be the one to keep. */
function nodesOf({ name, ring }: Keeping): readonly string[] {
  if (ring === null) return [name];
  return [name, ...ring.members.map((member) => member.slice(0, member.lastIndexOf('.')))];
}

function shelfOf(node: Keeping): Shelf {
  return {
    look(routeName, item) {
      const asked = questionFor(node, routeName, item);
      if (asked === null || (node.ring?.before(asked.resource.key).length ?? 0) > 0) return 'elsewhere';
      return isHere(node, asked, item) ? 'here' : 'missing';
    },
    async fetch(routeName, item) {
      const asked = questionFor(node, routeName, item);
      if (asked === null) return;
      const { route, resource, exchange } = asked;
      const { cache, site } = node;
      const found = cache.lookup(resource, exchange);
      const status = await statusOf(await cache.obtain(resource, exchange, found, site.parentOf(route)));
      if (status !== 200) throw new Error(`the parent answers ${status} to ${item.target}`);
      if (!isHere(node, asked, item))
        throw new Error(`${item.target} has come, and is not what was meant, or was not kept`);
    },
    get room() {
      const { disk, memory, prefetch } = node.site.config;
      const { bytes, objectBytes } = disk === false ? memory : disk;
      return { bytes: Math.floor((bytes * prefetch.diskPercent) / 100), objectBytes };
    },
  };
}

interface Question {
  readonly route: Route;
  readonly resource: Resource;
  readonly exchange: ReturnType<typeof ownExchange>;
}

/** `null`: there is no such route any more, or it has no such resource. */
function questionFor({ site, clock }: Keeping, routeName: string, { target }: PrefetchItem): Question | null {
  const route = site.routes.named(routeName);
  if (route === null) return null;
  const times = { nowMs: clock.now(), startedMs: clock.elapsed() };
  const exchange = ownExchange({ method: 'GET', target, body: null, ...times });
  const resource = route.protocol.name(exchange);
  return resource.as === 'resource' ? { route, resource, exchange } : null;
}

function isHere({ cache }: Keeping, { resource, exchange }: Question, { etag }: PrefetchItem): boolean {
  const stored = cache.stored(resource, exchange);
  return stored !== null && stored.entry.status === 200 && (etag === null || stored.entry.etag === etag);
}

/** Waits until all of it has come. */
export async function statusOf({ source }: Obtained): Promise<number> {
  switch (source.from) {
    case 'fill': {
      await source.fill.over;
      if (source.fill.error) throw source.fill.error;
      return source.fill.head.status;
    }
    case 'parent': {
      discard(source.answer);
      return source.answer.status;
    }
    case 'slices':
      return source.object.head.status;
    default:
      return source.entry.status;
  }
}
