/**
 * What a node would do with a request, found out by looking: nobody is asked for anything, and nothing is counted, begun or
 * moved.
 */
import { ageS, isFresh, remainingS } from '../cache/freshness.ts';
import type { Entry } from '../entry.ts';
import { type Exchange, inOtherWords } from '../exchange.ts';
import { isRestricted } from '../identity.ts';
import type { ExplainRequest, Explanation, StoredExplanation } from '../messages/explanation.ts';
import type { Foretold } from '../messages/predictions.ts';
import type { Named, Resource } from '../resource.ts';
import type { Node } from './node.ts';
import type { Route } from './routes.ts';
import { fieldsForParent } from './tier-request.ts';

export function explain(node: Node, question: ExplainRequest): Explanation {
  const exchange = exchangeFor(node, question);
  const { routes } = node.site;
  const route = question.tier
    ? routes.named(question.tier.route)
    : routes.match(exchange.authority, exchange.path);
  if (route === null) {
    const why = `nothing is served at ${exchange.authority}${exchange.path}`;
    return { ...nothing(node), would: 'refuse', why };
  }
  const named = route.protocol.name(exchange);
  const about = {
    ...nothing(node),
    route: route.name,
    kind: named.kind,
    access: accessOf(node, route, named),
  };
  switch (named.as) {
    case 'answer':
      return { ...about, would: 'answer', why: `the node answers ${named.status} by itself` };
    case 'taken':
      return { ...about, would: 'answer', why: 'the node takes it in by itself' };
    case 'ticket':
      return { ...about, would: 'answer', why: 'the node gives a token for a while by itself' };
    case 'refusal':
      return { ...about, would: 'refuse', why: named.error.message };
    case 'pass':
      return {
        ...about,
        would: 'ask',
        why: named.why === 'method' ? 'this method is never answered from store' : 'this is never stored',
        asks: asksOf(node, route, named, exchange, null),
      };
    case 'resource': {
      const { key, tags } = named;
      const owner = node.ring?.ownersOf(key, 1)[0] ?? null;
      const found = node.cache.stored(named, exchange);
      const stored = found && storedExplanation(named, found.entry, found.from, exchange.nowMs);
      const verdict = verdictOn(stored);
      const asks = asksOf(node, route, named, exchange, found?.entry ?? null);
      const foretold = foretoldOf(node, route, named, exchange);
      return { ...about, ...verdict, key, tags, owner, stored, asks, ...(foretold && { foretold }) };
    }
  }
}

function nothing({ name }: Node) {
  const none = { route: null, kind: '', key: null, tags: [], owner: null, stored: null, asks: null };
  return { ...none, node: name, access: 'open' as const };
}

/** What is restricted needs a credential also where everybody may read the route. */
function accessOf({ guard }: Node, { name }: Route, named: Named): 'open' | 'closed' {
  if (guard === null) return 'open';
  return guard.isOpen(name) && !isForSome(named) ? 'open' : 'closed';
}

function isForSome(named: Named): boolean {
  return named.as === 'resource' && named.isRestricted === true;
}

function verdictOn(stored: StoredExplanation | null): Pick<Explanation, 'would' | 'why'> {
  if (stored === null) return { would: 'ask', why: 'nothing is stored for it' };
  const { freshForS, staleWhileRevalidateS, isSuspect, where } = stored;
  if (isSuspect) return { would: 'ask', why: 'a purge of it may have been missed, so it is confirmed first' };
  if (freshForS > 0)
    return { would: 'hit', why: `fresh in ${where === 'disk' ? 'the store on disk' : 'memory'}` };
  if (-freshForS < staleWhileRevalidateS)
    return { would: 'stale', why: 'stale for so short a time that it is served at once, and revalidated' };
  return { would: 'ask', why: 'stale: the parent is asked whether it still holds' };
}

/** Only clients are foretold of; what a session asked for before is not known here. */
function foretoldOf(
  { predictor, clock }: Node,
  { name, protocol }: Route,
  named: Resource,
  exchange: Exchange,
): Foretold | null {
  if (predictor === null || exchange.tier !== null) return null;
  const noted = predictor.fateOf(named.key, name, exchange.target);
  const lately = noted && {
    ...{ source: noted.source, fate: noted.fate },
    agoS: Math.round((clock.elapsed() - noted.atMs) / 1000),
  };
  const clue = protocol.foresight?.clue(named, exchange, { asked: () => 0 }) ?? null;
  return { lately, leads: clue && { question: clue.question, foreseen: clue.foreseen.length } };
}

function storedExplanation(
  named: Resource,
  { status, sizeBytes, freshness, etag, tags, selecting, fields }: Entry,
  where: 'memory' | 'disk',
  nowMs: number,
): StoredExplanation {
  const { staleWhileRevalidateS, staleIfErrorS, suspect = false, alwaysRevalidate } = freshness;
  const left = remainingS(freshness, nowMs);
  // A response that must always be confirmed has no time of its own, whatever it says.
  const freshForS = alwaysRevalidate || !isFresh(freshness, nowMs) ? Math.min(0, left) : left;
  return {
    ...{ where, status, sizeBytes, ageS: Math.floor(ageS(freshness, nowMs)) },
    ...{ freshForS: Math.floor(freshForS), staleWhileRevalidateS, staleIfErrorS, isSuspect: suspect },
    ...{ isRestricted: isForSome(named) || isRestricted(fields), etag, tags, selecting },
  };
}

function asksOf(
  node: Node,
  { name }: Route,
  named: Resource | Extract<Named, { as: 'pass' }>,
  exchange: Exchange,
  stored: Entry | null,
): Explanation['asks'] {
  const parents = node.site.parentStatus().map((each) => ({ name: each.name, isUp: each.healthy }));
  const headers = fieldsForParent({ exchange, named, stored, reload: false });
  const { method, base, target } = exchange;
  const fields = [...headers].filter(([field]) => field !== 'if-none-match' && field !== 'if-modified-since');
  return { parents, question: { method, base, target, fields, tier: { node: node.name, route: name } } };
}

function exchangeFor(node: Node, { method, base, target, fields, tier }: ExplainRequest): Exchange {
  const headers = new Headers(fields.map(([name, value]): [string, string] => [name, value]));
  const request = new Request(`${base}${target}`, { method, headers });
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  const own: Exchange = {
    ...{ request, headers, method, base, target, path, query: target.slice(path.length) },
    ...{ authority: base.slice(base.indexOf('//') + 2), id: 'explained', nowMs: node.clock.now() },
    startedMs: node.clock.elapsed(),
    tier: tier && { ...tier, background: false },
    client: () => '',
    body: () => null,
  };
  return inOtherWords(own, {});
}
