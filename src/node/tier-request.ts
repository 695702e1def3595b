/**
 * The request by which a node asks a parent: signed, with the fields that the protocol wants, and with what tells the
 * parent who asks, on whose behalf, and how much it knows of purges.
 */
import type { Clock } from '../clock.ts';
import type { Timeouts } from '../config/network.ts';
import type { Answer } from '../entry.ts';
import { asMeridianError } from '../errors.ts';
import type { AskSpan, Caller, Exchange, Knowledge } from '../exchange.ts';
import { appendCdnLoop } from '../http/cdn-loop.ts';
import type { Leash } from '../http/client/leash.ts';
import { type ClientRequest, request } from '../http/client.ts';
import { fieldsToPass, fieldsToStore } from '../http/client-fields.ts';
import { askConditionally, askForPart } from '../http/conditional.ts';
import { hopCoding, packsField } from '../http/packing.ts';
import { formatTraceparent, newTrace } from '../http/trace-context.ts';
import { appendVia } from '../http/via.ts';
import type { Ask } from '../parent.ts';
import type { WorkMeter } from '../telemetry/metrics/work.ts';
import { informing } from './inform.ts';
import { takeKept } from './kept.ts';
import { signTier, tierField } from './tier.ts';
import type { TierTls } from './tier-tls.ts';
import { unpacked } from './unpack.ts';

/** Between nodes: what is asked for was foreseen, and nobody waits for it yet. */
const aheadField = 'meridian-ahead';

export interface Asker {
  readonly node: string;
  readonly cdnId: string;
  readonly secret: string;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  readonly bounds: ClientRequest['bounds'];
  readonly tls: TierTls;
  /** How far this node has followed the purges on the bus. */
  readonly knows: () => Knowledge;
  /** What comes may be packed for the way. */
  readonly packs: boolean;
  readonly work: Pick<WorkMeter, 'packed'>;
  /** A sibling is asked, for what it has. */
  readonly storedOnly?: boolean;
}

/** Another node that is asked. */
export interface AskedNode {
  readonly name: string;
  /** Absolute URL without a trailing slash. */
  readonly url: string;
  /** Over HTTP/2, but for what `client.ts` asks over HTTP/1.1 all the same. */
  readonly http2: boolean;
}

export async function askTier(
  ask: Ask,
  route: string,
  asked: AskedNode,
  leash: Leash,
  options: Asker,
): Promise<Answer> {
  const { url, http2 } = asked;
  const { exchange } = ask;
  const { method, target } = exchange;
  const knows = ask.named.as === 'resource' ? knowledgeFor(exchange, options) : undefined;
  const { node, storedOnly } = options;
  const claim = { node, route, background: ask.background, storedOnly, knows, caller: callerOf(ask) };
  const headers = fieldsForParent(ask);
  headers.set(tierField, signTier(options.secret, claim, method, target, options.clock.now()));
  headers.set('x-request-id', exchange.id);
  const isAhead = ask.isAhead === true || (exchange.tier !== null && exchange.headers.has(aheadField));
  if (isAhead) headers.set(aheadField, '?1');
  else headers.delete(aheadField);
  if (options.packs && ask.named.as === 'resource' && method === 'GET' && !headers.has('range'))
    headers.set(packsField, hopCoding);
  headers.set('via', appendVia(exchange.headers.get('via'), '1.1', options.node));
  headers.set('cdn-loop', appendCdnLoop(exchange.headers.get('cdn-loop'), options.cdnId));
  const { trace } = exchange;
  const span = trace?.ask({
    ...{ as: storedOnly ? 'sibling' : 'parent', name: asked.name, method },
    ...{ url: url + target, background: ask.background },
  });
  // What a node asks for itself is a trace of its own.
  headers.set('traceparent', span?.traceparent ?? formatTraceparent(newTrace(randomBytes)));
  if (trace && trace.state !== null) headers.set('tracestate', trace.state);
  const answer = request(url + target, {
    method,
    headers,
    body: method === 'GET' || method === 'HEAD' ? null : exchange.body(),
    signal: ask.signal,
    leash,
    timeouts: options.timeouts,
    clock: options.clock,
    inform: informing(ask),
    direct: true,
    tls: options.tls.current,
    // Long bodies have a connection of their own: on one that others use, a window for all of them is in their way.
    http2: http2 && !ask.part,
    bounds: options.bounds,
    lane: isAhead ? 'ahead' : undefined,
  });
  return unpacked(await noted(answer, span, ask.signal, leash), options.work);
}

/** Notes how it ended, and takes out what the answer says of the trace. */
export async function noted(
  asked: Promise<Answer>,
  span: AskSpan | undefined,
  signal?: AbortSignal,
  leash?: Leash,
): Promise<Answer> {
  try {
    const answer = await asked;
    const { status, headers } = answer;
    const kept = takeKept(headers);
    span?.ended(status, headers.get('server-timing'), kept);
    return answer;
  } catch (thrown) {
    const isOff = leash?.pulled || signal?.aborted;
    span?.failed(isOff ? 'called-off' : asMeridianError(thrown).code);
    throw thrown;
  }
}

/** What the answer must take account of: what is known here, or where the question comes from if that is more. */
function knowledgeFor({ tier }: Exchange, { knows }: Asker): Knowledge | undefined {
  return tier?.mustConfirm ? tier.knows : knows();
}

/** Whose request it is, where the origin decides about it; he himself is known to the PoP alone. */
function callerOf({ exchange, named }: Ask): Caller | undefined {
  if (named.as !== 'pass' || named.deed === undefined) return undefined;
  const { tier, identity } = exchange;
  if (tier) return tier.caller;
  return { token: identity?.token ?? null, address: exchange.client(), only: identity?.only };
}

function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** What a parent is asked with, but for what nodes tell each other. */
export function fieldsForParent({
  exchange,
  named,
  stored,
  reload,
  part,
}: Pick<Ask, 'exchange' | 'named' | 'stored' | 'reload' | 'part'>): Headers {
  if (named.ask === 'client' && named.as === 'pass') return fieldsToPass(exchange.headers);
  const headers = named.ask === 'client' ? fieldsToStore(exchange.headers) : new Headers();
  if (named.ask !== 'client') for (const [name, value] of named.ask) headers.append(name, value);
  if (stored) askConditionally(headers, stored);
  askForPart(headers, part);
  if (reload) headers.set('cache-control', 'no-cache');
  return headers;
}
