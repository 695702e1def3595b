/**
 * What another worker of this node gets that hands a request over: the same as from `answer.ts`. What is fresh in memory, and may be
 * had by anybody who is known already, is given as bytes, at once: by the same names, look-up, rights, counters and log.
 */
import type { PreparedHead } from '../cache/memory.ts';
import { MeridianError } from '../errors.ts';
import { isPlain } from '../http/plain.ts';
import { bodyOfBlob } from '../ring/frames/body.ts';
import { type FrameDoor, openFrameDoor } from '../ring/frames/door.ts';
import type { Given } from '../ring/frames/given.ts';
import { fieldLine } from '../ring/frames/message.ts';
import { isOwnWord, verifyHop } from '../ring/hop.ts';
import { answer } from './answer.ts';
import { admittedAtOnce, isFree, readingOf } from './authorise.ts';
import { forASecond } from './for-a-second.ts';
import { foretellByHit } from './foretell.ts';
import { NeighbourExchange } from './neighbour-exchange.ts';
import { helloMethod } from './neighbours.ts';
import type { Account, Node } from './node.ts';
import { hitOutcome, preparedHit } from './prepare.ts';
import { recordHit } from './record.ts';
import { failed, noRoute, refuse } from './refuse.ts';
import type { Route } from './routes.ts';

/** Heads that are kept as bytes, for a second each. */
const mostHeads = 1024;
/** Longer ones are not. */
const mostKeptBytes = 8 * 1024;

type HeadBytes = (prepared: PreparedHead, nowMs: number) => Uint8Array;

/** Fails when it cannot listen at this path. */
export function openNeighbourDoor(node: Node, path: string): FrameDoor {
  const { clock } = node;
  const made = forASecond<PreparedHead, Uint8Array>(mostHeads);
  const headBytes: HeadBytes = (prepared, nowMs) => made(prepared, nowMs, bytesOf);
  return openFrameDoor({
    path,
    clock,
    admits(hello) {
      const hop = verifyHop(node.site.secret, hello, helloMethod, path, clock.now());
      return hop !== null && isOwnWord(hop);
    },
    answer(question, asker) {
      const exchange = new NeighbourExchange(question, asker, clock.now(), clock.elapsed());
      return serve(node, exchange, headBytes);
    },
    failed: (error) => failed(node, error),
  });
}

function serve(node: Node, exchange: NeighbourExchange, headBytes: HeadBytes): Given | Promise<Response> {
  const { site, counts } = node;
  const nobody = { exchange, route: '', kind: '' };
  if (counts.pending >= site.config.limits.clients) {
    const busy = new MeridianError('overloaded', 'too many requests at once', { retryAfterS: 1 });
    return Promise.resolve(refuse(node, nobody, busy));
  }
  const route = site.routes.match(exchange.authority, exchange.path);
  if (!route) return Promise.resolve(refuse(node, nobody, noRoute(exchange)));
  const given = fromMemory(node, exchange, route, headBytes);
  return given ?? Promise.resolve(answer(node, exchange, route));
}

/** The end of the hit path, as `hit.ts`; `null`: there is more to it. */
function fromMemory(
  node: Node,
  exchange: NeighbourExchange,
  route: Route,
  headBytes: HeadBytes,
): Given | null {
  if (exchange.method !== 'GET' || !isPlain(exchange.headers)) return null;
  const named = route.protocol.name(exchange);
  if (named.as !== 'resource') return null;
  const found = node.cache.lookup(named, exchange);
  if (found.outcome !== 'hit') return null;
  const { guard, clock } = node;
  const account: Account = {
    exchange,
    route: route.name,
    kind: named.kind,
    resource: named,
    token: undefined,
  };
  if (guard !== null && !isFree(guard, route, named, found)) {
    const identity = admittedAtOnce(guard, exchange, readingOf(route, named, found));
    if (identity === null) return null;
    account.token = identity.token;
  }
  const { resident } = found;
  const { status, sizeBytes } = resident.entry;
  const prepared = preparedHit(node, resident, exchange.nowMs);
  if (prepared.timing === '' && node.predictor !== null)
    foretellByHit(node, node.predictor, account, resident);
  const head = headBytes(prepared, exchange.nowMs);
  if (head.length > mostKeptBytes) return null;
  const tookMs = clock.elapsed() - exchange.startedMs;
  recordHit(node, account, tookMs, resident.entry, hitOutcome(resident), prepared);
  const timing = node.timing(tookMs);
  return { head: { as: 'hit', status, timing, head, sizeBytes }, body: bodyOfBlob(resident.body) };
}

/** Of each request alone. */
const ofOne: ReadonlySet<string> = new Set(['x-request-id', 'server-timing']);

function bytesOf({ headers }: PreparedHead): Uint8Array {
  let text = '';
  headers.forEach((value, name) => {
    if (!ofOne.has(name)) text += fieldLine(name, value);
  });
  return new TextEncoder().encode(text);
}
