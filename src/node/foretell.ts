/**
 * What requests tell of those that come next: where the phases of a PoP tell the part that predicts of them. Nothing here fails, and nothing waits.
 */
import { isTokenInAddress } from '../access/traces.ts';
import type { Resident } from '../cache/memory.ts';
import type { Obtained } from '../cache/slices/object.ts';
import { type Exchange, inOtherWords } from '../exchange.ts';
import type { Named, Pass, Resource } from '../resource.ts';
import { visitorOf, whenceOf, wordsOf } from './foresee.ts';
import type { Account, Node } from './node.ts';
import type { Prediction } from './prediction.ts';
import type { Route } from './routes.ts';

/**
 * Something that memory does not have.
 *
 * @returns whether nobody has to wait for it in vain, as it was foreseen, or is here; if not, `others` is to be called when it is there.
 */
export function foretellByMiss(
  node: Node,
  predictor: Prediction,
  exchange: Exchange,
  route: Route,
  resource: Resource,
): boolean {
  const { foresight } = route.protocol;
  const { key } = resource;
  // Whoever wants nothing but what is here waits for nobody, and fetches nothing.
  if (exchange.headers.get('cache-control')?.includes('only-if-cached')) return true;
  const whence = whenceOf(node, resource, exchange);
  const isForeseen =
    foresight === undefined || exchange.relayed === true
      ? predictor.used(key, whence)
      : predictor.asked({
          ...{ client: clientOf(exchange), route: route.name, kind: resource.kind, key, whence },
          ...{ isWhole: exchange.method === 'GET', name: learnedName(route, exchange) },
          visitor: () => visitorOf(node, exchange),
          clue: (doing) => foresight.clue(resource, exchange, doing),
        });
  if (isForeseen || whence === 'here') return true;
  predictor.others(1);
  return false;
}

/** A hit of memory: of plain ones, the first of a resident in a second. */
export function foretellByHit(
  node: Node,
  predictor: Prediction,
  account: Account,
  { entry, isRestricted }: Resident,
): void {
  const { exchange, resource } = account;
  const { key } = entry;
  if (!predictor.isOfInterest(key)) return;
  const route = node.site.routes.named(account.route);
  const { target } = exchange;
  if (resource !== undefined)
    predictor.noteRestricted({ route: account.route, resource, target }, isRestricted);
  if (resource !== undefined && !isRestricted && exchange.tier === null) {
    const accept = exchange.headers.get('accept');
    const visitor = () => wordsOf(exchange);
    predictor.popular.hit({ key, route: account.route, target, accept }, visitor, exchange.nowMs);
  }
  const foresight = route?.protocol.foresight;
  if (!route || foresight === undefined || resource === undefined || exchange.relayed === true) {
    predictor.used(key, 'memory');
    return;
  }
  predictor.asked({
    ...{ client: clientOf(exchange), route: route.name, kind: resource.kind, key, whence: 'memory' },
    ...{ isWhole: true, name: learnedName(route, exchange) },
    visitor: () => visitorOf(node, exchange),
    clue: (doing) => foresight.clue(resource, exchange, doing),
  });
}

/** @returns the request to go on with, whose body is looked at as it passes, where it tells something. */
export function foretellByPass(
  node: Node,
  predictor: Prediction,
  exchange: Exchange,
  route: Route,
  named: Pass,
): Exchange {
  const { foresight } = route.protocol;
  if (foresight === undefined) return exchange;
  const visitor = () => visitorOf(node, exchange);
  predictor.asked({
    ...{ client: clientOf(exchange), route: route.name, kind: named.kind, key: null, name: null },
    ...{ whence: 'parent', isWhole: false },
    visitor,
    clue: (doing) => foresight.clue(named, exchange, doing),
  });
  const telling = orNothing(node, route, () => foresight.body?.(named, exchange) ?? null);
  if (telling === null) return exchange;
  return inOtherWords(exchange, {
    body(atMost) {
      const body = exchange.body(atMost);
      return (
        body &&
        predictor.overheard.tap(body, telling.maxBytes, (bytes) =>
          telling.read(bytes).then(
            (foreseen) => predictor.follow(route.name, foreseen, 'told', visitor()),
            (error: unknown) =>
              node.log.debug('a body could not be looked into', { route: route.name, error }),
          ),
        )
      );
    },
  });
}

/** What the fields of an answer tell. */
export function foretellByFields(
  node: Node,
  predictor: Prediction,
  exchange: Exchange,
  route: Route,
  { named, obtained }: { readonly named: Named; readonly obtained: Obtained },
): void {
  const { foresight } = route.protocol;
  if (foresight?.fields === undefined) return;
  const fields = fieldsOf(obtained);
  if (fields === null) return;
  const foreseen = orNothing(node, route, () => foresight.fields?.(named, fields, exchange) ?? null);
  if (foreseen !== null && foreseen.length > 0)
    predictor.follow(route.name, foreseen, 'linked', visitorOf(node, exchange));
}

/** Nobody's request fails for what might be foreseen by it. */
function orNothing<Said>({ log }: Node, { name }: Route, say: () => Said | null): Said | null {
  try {
    return say();
  } catch (error) {
    log.debug('a request could not be looked into', { route: name, error });
    return null;
  }
}

function fieldsOf({ source }: Obtained): Headers | null {
  switch (source.from) {
    case 'fill':
      return new Headers(source.fill.head.fields.map(([name, value]): [string, string] => [name, value]));
    case 'memory':
    case 'disk':
      return new Headers(source.entry.fields.map(([name, value]): [string, string] => [name, value]));
    // A page that is made anew for each, too, names what all of them need.
    case 'parent':
      return source.answer.headers;
    case 'slices':
      return null;
  }
}

function clientOf(exchange: Exchange): string {
  return `${exchange.client()} ${exchange.headers.get('user-agent') ?? ''}`;
}

/** What is learned is written down. In a query anything may stand, also secrets, but for where a mirror says which registry is meant (`?ns=`). */
function isPublicWord(query: string): boolean {
  return query === '' || /^\?ns=[\w.:-]{1,100}$/.test(query);
}

/** Of a web page nobody knows what asking for it does: only what it links to itself is fetched. */
function learnedName({ name, protocol }: Route, { target, query, headers }: Exchange): string | null {
  if (protocol.id === 'web' || !isPublicWord(query) || isTokenInAddress(target)) return null;
  const accept = headers.get('accept');
  return accept === null || accept === '*/*' ? `${name} ${target}` : `${name} ${target} ${accept}`;
}
