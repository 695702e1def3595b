/**
 * What a PoP or a shield is told to have, taken from its own cache and the ordinary way to its parents: whoever asks for the same
 * meanwhile follows the same fill. Nobody is given anything by it, so it asks for nobody's rights: those of whoever comes are looked at then.
 */
import { discard } from '../cache/lead.ts';
import type { Obtained } from '../cache/slices/object.ts';
import type { Exchange } from '../exchange.ts';
import type { PrefetchItem } from '../foresight.ts';
import { isMeant } from '../messages/prefetch.ts';
import { type Keeper, openKeeper, type Shelf, type Wish } from '../prefetch/keeper.ts';
import type { Resource } from '../resource.ts';
import type { Log } from '../telemetry/log.ts';
import type { Node } from './node.ts';
import { ownExchange } from './own-exchange.ts';
import type { Route } from './routes.ts';
import { type Seat, workerName } from './seat.ts';

type Keeping = Pick<Node, 'name' | 'role' | 'bus' | 'clock' | 'cache' | 'ring' | 'site' | 'audience'>;

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
    look(wish) {
      const own = questionsFor(node, wish);
      if (own.length === 0) return 'elsewhere';
      return own.every((asked) => isHere(node, asked, wish.item)) ? 'here' : 'missing';
    },
    async fetch(wish) {
      const { item } = wish;
      for (const asked of questionsFor(node, wish)) {
        if (isHere(node, asked, item)) continue;
        const { route, resource, exchange } = asked;
        const { cache, site } = node;
        const found = cache.lookup(resource, exchange);
        const status = await statusOf(await cache.obtain(resource, exchange, found, site.parentOf(route)));
        if (status !== 200) throw new Error(`the parent answers ${status} to ${item.target}`);
        if (!isHere(node, asked, item))
          throw new Error(`${item.target} has come, and is not what was meant, or was not kept`);
      }
    },
    get room() {
      const { disk, memory, prefetch } = node.site.config;
      const { bytes, objectBytes } = disk === false ? memory : disk;
      return { bytes: Math.floor((bytes * prefetch.diskPercent) / 100), objectBytes };
    },
  };
}

/** How a client asks for what is made for it. */
interface Visitor {
  readonly base: string;
  /** Value of `Accept-Encoding`; empty: none. */
  readonly codings: string;
}

interface Question {
  readonly route: Route;
  readonly resource: Resource;
  readonly exchange: Exchange;
}

/** What clients would ask to have it, and this process keeps: one question, or one for each kind of client. None where there is no such route any more. */
function questionsFor(node: Keeping, { route: name, item, bases = [] }: Wish): readonly Question[] {
  const route = node.site.routes.named(name);
  if (route === null) return [];
  const plain = asClient(node, item, null);
  const resource = route.protocol.name(plain);
  if (resource.as !== 'resource') return [];
  const { rendered = false, compress = false } = resource;
  const visitors = rendered || compress ? visitorsOf(node, route, bases, resource) : [null];
  const questions = new Map<string, Question>();
  for (const visitor of visitors) {
    const exchange = visitor === null ? plain : asClient(node, item, visitor);
    const named = visitor === null ? resource : route.protocol.name(exchange);
    if (named.as !== 'resource' || (node.ring?.before(named.key).length ?? 0) > 0) continue;
    questions.set(`${named.key} ${visitor?.codings}`, { route, resource: named, exchange });
  }
  return [...questions.values()];
}

function asClient({ clock }: Keeping, { target, accept }: PrefetchItem, visitor: Visitor | null): Exchange {
  const times = { nowMs: clock.now(), startedMs: clock.elapsed() };
  const own = ownExchange({ method: 'GET', target, body: null, ...times });
  const headers = new Headers();
  if (accept !== undefined) headers.set('accept', accept);
  if (visitor !== null && visitor.codings !== '') headers.set('accept-encoding', visitor.codings);
  const base = visitor?.base ?? '';
  return { ...own, headers, base, authority: base.slice(base.indexOf('//') + 2) };
}

/** What clients take of whom nothing is known yet: package managers, and browsers. */
const usualCodings = { rendered: 'gzip, deflate', other: 'gzip, deflate, br, zstd' } as const;

/** Ways to take one thing: what hardly anybody takes is fetched when it is asked for. */
const mostCodings = 6;

/** For whom something is made: those who have come lately, and those who come by the addresses that the list names. */
function visitorsOf(
  { audience, site }: Keeping,
  { name, protocol }: Route,
  bases: readonly string[],
  { kind, rendered: isRendered = false }: Resource,
): readonly Visitor[] {
  const codings = new Set(audience.codings.all(name, kind).slice(0, mostCodings));
  const usual = isRendered ? usualCodings.rendered : usualCodings.other;
  if (codings.size === 0) codings.add(protocol.foresight?.codings?.(kind, '') ?? usual);
  const from = new Set([...bases, ...audience.bases(name)]);
  if (from.size === 0) from.add(site.config.url);
  // What is not made for an address is the same by all of them.
  const [first = ''] = from;
  const wanted = isRendered ? [...from] : [first];
  return wanted.flatMap((base) => [...codings].map((each) => ({ base, codings: each })));
}

function isHere({ cache }: Keeping, { resource, exchange }: Question, { etag }: PrefetchItem): boolean {
  const stored = cache.stored(resource, exchange);
  return (
    stored !== null &&
    stored.entry.status === 200 &&
    (etag === null || stored.entry.etag === etag || stored.entry.sourceEtag === etag)
  );
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
