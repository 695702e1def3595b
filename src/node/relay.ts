/**
 * A phase of the members of a ring: what another member keeps is asked for there, in one hop. When that member cannot
 * be asked, the next one on the ring is, until it is this one's own turn. What is hot is asked for where a copy is, too.
 */
import { announcedBytes, discard } from '../cache/answer.ts';
import type { Answer } from '../entry.ts';
import { asMeridianError } from '../errors.ts';
import type { AskSpan, Exchange } from '../exchange.ts';
import type { Outcome } from '../outcome.ts';
import type { CacheKey } from '../resource.ts';
import { hopField } from '../ring/hop.ts';
import { takeKept } from './kept.ts';
import type { Account, Node } from './node.ts';
import { isWantedWhole, reply } from './reply.ts';
import { answerFramed, gotDocument, replyFramed } from './reply-framed.ts';
import type { NodeRing } from './ring.ts';

/** The owner's answer, or that of a copy; `null` when this member has to see to it itself. */
export async function relay(
  node: Node,
  ring: NodeRing,
  account: Account,
  key: CacheKey,
): Promise<Response | null> {
  const { exchange } = account;
  const { method, request } = exchange;
  if (exchange.relayed === true || request.body !== null || (method !== 'GET' && method !== 'HEAD'))
    return null;

  async function handOver(member: string, outcome: Outcome): Promise<Response | null> {
    const memoryOnly = outcome === 'relayed-to-replica';
    const { neighbours } = ring;
    const span = askSpan(node, exchange, member);
    try {
      const framed = neighbours && (await neighbours.ask(member, exchange, memoryOnly, span));
      if (neighbours && framed?.as === 'hit') {
        const got = isWantedWhole(account) ? await gotDocument(framed, node) : framed;
        ring.counts.relayed++;
        ring.counts.framed++;
        noteAnswered(ring, member, framed.sizeBytes ?? 0);
        span?.ended(framed.status, framed.timing, false);
        return replyFramed(node, account, { member, outcome }, got, neighbours.heads);
      }
      const answer = framed
        ? answerFramed(framed, exchange)
        : await ring.ask(member, exchange, memoryOnly, span);
      const { status, headers } = answer;
      span?.ended(status, headers.get('server-timing'), takeKept(headers));
      if (isNotInMemory(answer)) return null;
      const response = await reply(node, account, {
        outcome,
        source: { from: 'parent', answer },
        forwarding: {
          status,
          detail: member,
          cacheStatus: headers.get('cache-status'),
          serverTiming: headers.get('server-timing'),
        },
      });
      ring.counts.relayed++;
      noteAnswered(ring, member, announcedBytes(answer) ?? 0);
      if (framed) ring.counts.framed++;
      return response;
    } catch (thrown) {
      const error = asMeridianError(thrown);
      span?.failed(request.signal.aborted ? 'called-off' : error.code);
      if (request.signal.aborted) throw thrown;
      ring.counts.failed++;
      node.log.debug('a member of the ring could not be asked', { member, error });
      return null;
    }
  }

  const replica = node.hot?.replicaFor(key) ?? null;
  if (replica !== null) {
    const response = await handOver(replica, 'relayed-to-replica');
    if (response !== null) {
      node.hot?.handedOver(key, exchange);
      return response;
    }
  }
  for (const member of ring.before(key)) {
    const response = await handOver(member, 'relayed');
    if (response === null) continue;
    node.hot?.handedOver(key, exchange);
    return response;
  }
  return null;
}

/** Members come and go, but there are never many of them at once. */
const mostMembers = 256;

function noteAnswered({ answered }: NodeRing, member: string, bytes: number): void {
  const known = answered.get(member);
  if (known !== undefined) {
    known.requests++;
    known.bytes += bytes;
  } else if (answered.size < mostMembers) answered.set(member, { requests: 1, bytes });
}

/** Where spans are recorded; else the hop goes as it came. */
function askSpan({ tracing }: Node, exchange: Exchange, member: string): AskSpan | undefined {
  if (!tracing.records) return undefined;
  const { method, base, target, trace } = exchange;
  return trace?.ask({ as: 'member', name: member, method, url: base + target, background: false });
}

/** The value of `Meridian-Hop` in an answer that is none: who asked has to ask the owner. */
const notHere = 'not-in-memory';

/** To a member that wants nothing but what is fresh in memory. */
export async function notInMemory({ hot }: Node, exchange: Exchange, key: CacheKey): Promise<Response> {
  hot?.missing(key, exchange);
  return new Response(null, { status: 404, headers: { [hopField]: notHere } });
}

function isNotInMemory(answer: Answer): boolean {
  if (answer.headers.get(hopField) !== notHere) return false;
  discard(answer);
  return true;
}
