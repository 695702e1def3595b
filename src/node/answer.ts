/**
 * The phases that all tiers share: name what is asked for, look it up, reply or fetch. Synchronous up to the
 * `Response` when memory has it.
 */
import type { Guard } from '../access/edge/guard.ts';
import { groupsToInvalidate } from '../cache/purge/tags.ts';
import type { Found } from '../cache/served.ts';
import { type Exchange, inOtherWords } from '../exchange.ts';
import type { Identity } from '../identity.ts';
import type { Pass, Resource, Taken } from '../resource.ts';
import { isSafe, refuseTooLong } from './admit.ts';
import {
  admitToAnswer,
  admitToObtained,
  admitToPass,
  admitted,
  admittedAtOnce,
  isFree,
  isRestrictedSource,
  readingOf,
  withoutToken,
} from './authorise.ts';
import { admitToConcealed } from './conceal.ts';
import { foretellByFields, foretellByMiss, foretellByPass } from './foretell.ts';
import { forgetAtAll } from './forget.ts';
import { replyHit } from './hit.ts';
import type { Account, Node } from './node.ts';
import { refuse } from './refuse.ts';
import { notInMemory, relay } from './relay.ts';
import { reply, replyLocally } from './reply.ts';
import type { Route } from './routes.ts';
import { giveTicket, greet } from './ticket.ts';

export function answer(node: Node, exchange: Exchange, route: Route): Response | Promise<Response> {
  const named = route.protocol.name(exchange); // key, kind, tags
  const account: Account = {
    exchange,
    route: route.name,
    kind: named.kind,
    resource: named.as === 'resource' ? named : undefined,
    token: undefined,
  };
  switch (named.as) {
    case 'resource': {
      const found = node.cache.lookup(named, exchange); // memory only: no promise
      const { guard } = node;
      if (guard !== null && !isFree(guard, route, named, found))
        return guarded(node, guard, account, route, named, found);
      return found.outcome === 'hit'
        ? replyHit(node, account, found.resident)
        : fill(node, account, route, named, found);
    }
    case 'pass':
      return pass(node, account, route, named);
    case 'answer':
      return named.audience === undefined || node.guard === null
        ? replyLocally(node, account, named)
        : greet(node, node.guard, account, route, named);
    case 'ticket':
      return giveTicket(node, node.guard, account, route, named);
    case 'taken':
      return takeIn(node, account, named);
    case 'refusal':
      return refuse(node, account, named.error);
  }
}

/** What not everybody may have. */
// off the hit path: who asks has to be found out
function guarded(
  node: Node,
  guard: Guard,
  account: Account,
  route: Route,
  resource: Resource,
  found: Found,
): Response | Promise<Response> {
  const { exchange } = account;
  const go = ({ token }: Identity) => {
    account.token = token;
    return found.outcome === 'hit'
      ? replyHit(node, account, found.resident)
      : fill(node, account, route, resource, found);
  };
  const deed = readingOf(route, resource, found);
  account.isRestricted = true;
  if (deed.restricted && route.protocol.concealed?.(resource)) {
    // Whoever may not have it is refused in the way, and in the time, in which what there is not is refused.
    const identity = admittedAtOnce(guard, exchange, deed);
    if (identity === null) return fill(node, account, route, resource, found);
    return go(identity);
  }
  try {
    const identity = admitted(guard, exchange, deed);
    if (!(identity instanceof Promise)) return go(identity);
    return identity.then(go, (denial) => refuse(node, account, denial));
  } catch (denial) {
    return refuse(node, account, denial);
  }
}

/** The same for a request that nothing stored may answer before the parent has confirmed it. */
// off the hit path: another node asks, which knows more than this one
export function answerConfirmed(node: Node, exchange: Exchange, route: Route): Response | Promise<Response> {
  const named = route.protocol.name(exchange);
  if (named.as !== 'resource') return answer(node, exchange, route);
  const { resident } = node.cache.lookup(named, exchange);
  const account: Account = { exchange, route: route.name, kind: named.kind, resource: named };
  return fill(node, account, route, named, { outcome: 'miss', resident });
}

/** What has to be known from the beginning of a request that waits. */
// off the hit path: it waits for a disk or another machine
function begin({ tracing, accessLog }: Node, exchange: Exchange): void {
  exchange.trace = tracing.begin(exchange);
  // Once a client has left, nobody knows his address any more.
  if (accessLog !== null) exchange.client();
}

/** Not in memory, or not fresh: disk, a fill under way, the parent. */
// off the hit path: the request waits for a disk or another machine
async function fill(
  node: Node,
  asking: Account,
  route: Route,
  resource: Resource,
  found: Found,
): Promise<Response> {
  if (asking.exchange.memoryOnly === true) return notInMemory(node, asking.exchange, resource.key);
  node.counts.pending++;
  const account = { ...asking, key: resource.key };
  const { exchange } = account;
  begin(node, exchange);
  const { predictor } = node;
  let isForeseen = true;
  try {
    if (predictor !== null) isForeseen = foretellByMiss(node, predictor, exchange, route, resource);
    const relayed = node.ring === null ? null : await relay(node, node.ring, asking, resource.key);
    if (relayed !== null) return relayed;
    const { guard } = node;
    if (guard !== null) await admitToConcealed(node, guard, exchange, route, resource);
    const asked = guard === null ? exchange : withoutToken(exchange);
    const served = await node.cache.obtain(resource, asked, found, node.site.parentOf(route));
    const isRestricted = isRestrictedSource(served);
    if (isRestricted) account.isRestricted = true;
    predictor?.noteRestricted({ route: route.name, resource, target: exchange.target }, isRestricted);
    const admittedTo = guard && (await admitToObtained(guard, exchange, route, resource, served));
    if (predictor !== null)
      foretellByFields(node, predictor, exchange, route, { named: resource, obtained: served });
    return await reply(node, account, admittedTo ?? served);
  } catch (thrown) {
    return refuse(node, account, thrown);
  } finally {
    node.counts.pending--;
    if (!isForeseen) predictor?.others(-1);
  }
}

/** What is never stored goes to the parent every time. */
// off the hit path: the request waits for another machine
async function pass(node: Node, account: Account, route: Route, named: Pass): Promise<Response> {
  node.counts.pending++;
  const { guard } = node;
  account.isRestricted = guard?.isOpen(route.name) === false;
  begin(node, account.exchange);
  try {
    const { limits } = node.site.config;
    refuseTooLong(account.exchange, named, limits);
    const admittedTo = guard ? await admitToPass(guard, account.exchange, route, named) : account.exchange;
    const { predictor } = node;
    const told = predictor ? foretellByPass(node, predictor, admittedTo, route, named) : admittedTo;
    const exchange = named.bringsBlob ? withBlob(told, limits.blobBytes) : told;
    const parent = node.site.parentOf(route);
    const { signal } = exchange.request;
    const answered = await parent({
      exchange,
      named,
      stored: null,
      background: false,
      reload: false,
      signal,
    });
    const { status, headers } = answered;
    // What a successful unsafe request has changed must not be served as it was (RFC 9111 §4.4).
    if (!isSafe(exchange.method)) {
      const keys = status < 400 ? (named.outdates?.(headers) ?? []) : [];
      const groups = groupsToInvalidate(headers);
      await forgetAtAll(node.cache, node.ring, { keys, route: route.name, groups });
    }
    if (guard !== null) await admitToAnswer(guard, account.exchange, route, named, answered);
    const page = status === 200 ? named.standsFor?.(headers) : null;
    const adopted = page ? await node.cache.adopt(page, exchange, answered) : null;
    if (adopted) return await reply(node, account, adopted);
    return await reply(node, account, {
      outcome: named.why,
      source: { from: 'parent', answer: answered },
      forwarding: {
        status: answered.status,
        cacheStatus: answered.headers.get('cache-status'),
        serverTiming: answered.headers.get('server-timing'),
      },
    });
  } catch (thrown) {
    return refuse(node, account, thrown);
  } finally {
    node.counts.pending--;
  }
}

// off the hit path: goes to the parent
function withBlob(exchange: Exchange, atMost: number): Exchange {
  return inOtherWords(exchange, { body: () => exchange.body(atMost) });
}

/** What is for this node alone. */
// off the hit path: the request's body has to come first
async function takeIn(node: Node, account: Account, { take }: Taken): Promise<Response> {
  node.counts.pending++;
  try {
    return replyLocally(node, account, await take());
  } catch (thrown) {
    return refuse(node, account, thrown);
  } finally {
    node.counts.pending--;
  }
}
