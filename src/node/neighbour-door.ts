/**
 * What another worker of this node gets that asks for what this one has in memory: the same as from `answer.ts`, by the same names,
 * look-up, rights, counters and log, but as bytes, and at once or not at all. A fill never begins here.
 */
import type { PreparedHead } from '../cache/memory.ts';
import { type FrameDoor, openFrameDoor } from '../ring/frames/door.ts';
import {
  fieldLine,
  type Given,
  mostBodyBytes,
  mostHeadBytes,
  type Question,
} from '../ring/frames/message.ts';
import { isOwnWord, verifyHop } from '../ring/hop.ts';
import { isAdmittedAtOnce, isFree, readingOf } from './authorise.ts';
import { forASecond } from './for-a-second.ts';
import { NeighbourExchange } from './neighbour-exchange.ts';
import { helloMethod } from './neighbours.ts';
import type { Node } from './node.ts';
import { hitOutcome, preparedHit } from './prepare.ts';
import { record } from './record.ts';

/** Heads that are kept as bytes, for a second each. */
const mostHeads = 1024;

type HeadBytes = (prepared: PreparedHead, nowMs: number) => Uint8Array;

/** Fails when it cannot listen at this path. */
export function openNeighbourDoor(node: Node, path: string): FrameDoor {
  const made = forASecond<PreparedHead, Uint8Array>(mostHeads);
  const headBytes: HeadBytes = (prepared, nowMs) => made(prepared, nowMs, bytesOf);
  return openFrameDoor({
    path,
    admits(hello) {
      const hop = verifyHop(node.site.secret, hello, helloMethod, path, node.clock.now());
      return hop !== null && isOwnWord(hop);
    },
    answer: (question) => fromMemory(node, question, headBytes),
    failed: (error) => node.log.error('a worker that asked for a hit got none', { error }),
  });
}

function fromMemory(node: Node, question: Question, headBytes: HeadBytes): Given {
  const { site, clock, guard } = node;
  if (node.counts.pending >= site.config.limits.clients) return 'otherwise';
  const exchange = new NeighbourExchange(question, clock.now(), clock.elapsed());
  const route = site.routes.match(exchange.authority, exchange.path);
  const named = route?.protocol.name(exchange);
  if (!route || named?.as !== 'resource') return 'otherwise';
  const found = node.cache.lookup(named, exchange);
  if (guard !== null && !isFree(guard, route, found)) {
    if (!isAdmittedAtOnce(guard, exchange, readingOf(route, named, found))) return 'otherwise';
  }
  if (found.outcome !== 'hit') {
    node.hot?.missing(named.key, exchange);
    return 'absent';
  }
  const { resident } = found;
  const { status, sizeBytes } = resident.entry;
  if (sizeBytes > mostBodyBytes) return 'long';
  const head = headBytes(preparedHit(node, resident, exchange.nowMs), exchange.nowMs);
  if (head.length > mostHeadBytes) return 'long';
  const body = Bun.peek(resident.body.bytes());
  if (body instanceof Promise) return 'otherwise'; // never seen: what is in memory is there at once
  record(node, { exchange, route: route.name, kind: named.kind }, status, sizeBytes, hitOutcome(resident));
  return { status, timing: node.timing(clock.elapsed() - exchange.startedMs), head, body };
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
