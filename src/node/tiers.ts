/**
 * The parents of a PoP or a shield: other nodes of the network, in order of preference. One that fails is
 * passed over for a while, as long as there is another.
 */

import { discard } from '../cache/lead.ts';
import type { Clock } from '../clock.ts';
import type { Timeouts } from '../config/network.ts';
import type { Answer } from '../entry.ts';
import { asMeridianError, MeridianError } from '../errors.ts';
import type { Exchange, Knowledge } from '../exchange.ts';
import { appendCdnLoop } from '../http/cdn-loop.ts';
import { request } from '../http/client.ts';
import { fieldsToPass, fieldsToStore } from '../http/client-fields.ts';
import { askConditionally, askForPart } from '../http/conditional.ts';
import { parseReprDigest, verified } from '../http/digest.ts';
import { childOf, formatTraceparent, newTrace, parseTraceparent } from '../http/trace-context.ts';
import { appendVia } from '../http/via.ts';
import type { Ask, Parent } from '../parent.ts';
import { isSafe } from './admit.ts';
import { informing } from './inform.ts';
import type { Route } from './routes.ts';
import { signTier, tierField } from './tier.ts';

export interface TierParent {
  readonly name: string;
  /** Absolute URL without a trailing slash. */
  readonly url: string;
}

export interface Tiers {
  /** Asks the parents for something of this route. */
  parent(route: Route): Parent;
  health(): readonly { readonly name: string; readonly healthy: boolean }[];
}

export interface TierOptions {
  readonly node: string;
  readonly cdnId: string;
  readonly secret: string;
  readonly parents: readonly TierParent[];
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  /** How far this node has followed the purges on the bus. */
  readonly knows: () => Knowledge;
}

/** Failures in a row after which a parent is passed over. */
const failuresToEject = 3;
const ejectedMs = 5_000;
/** Answers of a parent that say that it cannot do its work, rather than that the work has this result. */
const unable: ReadonlySet<number> = new Set([502, 503, 504]);

export function tiers(options: TierOptions): Tiers {
  const { clock } = options;
  const states = options.parents.map((parent) => ({ parent, failures: 0, ejectedUntilMs: 0 }));
  type State = (typeof states)[number];

  /** Healthy ones first, each group in the order of the config. */
  function inOrder(): readonly State[] {
    const now = clock.now();
    const healthy = states.filter((state) => state.ejectedUntilMs <= now);
    return [...healthy, ...states.filter((state) => state.ejectedUntilMs > now)];
  }

  function note(state: State, worked: boolean): void {
    state.failures = worked ? 0 : state.failures + 1;
    if (state.failures >= failuresToEject) state.ejectedUntilMs = clock.now() + ejectedMs;
  }

  async function askAll(ask: Ask, route: Route): Promise<Answer> {
    // What changes something is sent once only, and so is a body: its bytes are gone after that.
    const { method, request } = ask.exchange;
    const mayRepeat = isSafe(method) && request.body === null;
    const candidates = mayRepeat ? inOrder() : inOrder().slice(0, 1);
    let failed: Answer | MeridianError = new MeridianError('upstream-unreachable', 'this node has no parent');
    for (const state of candidates) {
      if (!(failed instanceof MeridianError)) discard(failed);
      try {
        const answer = await askOne(ask, route, state.parent, options);
        note(state, !unable.has(answer.status));
        if (!unable.has(answer.status)) return answer;
        failed = answer;
      } catch (thrown) {
        const error = asMeridianError(thrown);
        note(state, false);
        if (!error.row.retryable) throw error;
        failed = error;
      }
    }
    if (failed instanceof MeridianError) throw failed;
    return failed;
  }

  return {
    parent: (route) => async (ask) => verifiedAnswer(await askAll(ask, route)),
    health: () =>
      states.map(({ parent, ejectedUntilMs }) => ({
        name: parent.name,
        healthy: ejectedUntilMs <= clock.now(),
      })),
  };
}

function askOne(ask: Ask, route: Route, parent: TierParent, options: TierOptions): Promise<Answer> {
  const { exchange } = ask;
  const { method, target } = exchange;
  const knows = ask.named.as === 'resource' ? knowledgeFor(exchange, options) : undefined;
  const claim = { node: options.node, route: route.name, background: ask.background, knows };
  const headers = fieldsFor(ask);
  headers.set(tierField, signTier(options.secret, claim, method, target, options.clock.now()));
  headers.set('x-request-id', exchange.id);
  headers.set('via', appendVia(exchange.headers.get('via'), '1.1', options.node));
  headers.set('cdn-loop', appendCdnLoop(exchange.headers.get('cdn-loop'), options.cdnId));
  const given = parseTraceparent(exchange.headers.get('traceparent'));
  const trace = given ? childOf(given, randomBytes) : newTrace(randomBytes);
  headers.set('traceparent', formatTraceparent(trace));
  const state = exchange.headers.get('tracestate');
  if (state !== null) headers.set('tracestate', state);
  return request(parent.url + target, {
    method,
    headers,
    body: method === 'GET' || method === 'HEAD' ? null : exchange.body(),
    signal: ask.signal,
    timeouts: options.timeouts,
    clock: options.clock,
    inform: informing(ask),
    direct: true,
  });
}

/** What the answer must take account of: what is known here, or where the question comes from if that is more. */
function knowledgeFor({ tier }: Exchange, { knows }: TierOptions): Knowledge | undefined {
  return tier?.mustConfirm ? tier.knows : knows();
}

function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

function fieldsFor({ exchange, named, stored, reload, part }: Ask): Headers {
  if (named.ask === 'client' && named.as === 'pass') return fieldsToPass(exchange.headers);
  const headers = named.ask === 'client' ? fieldsToStore(exchange.headers) : new Headers();
  if (named.ask !== 'client') for (const [name, value] of named.ask) headers.append(name, value);
  if (stored) askConditionally(headers, stored);
  askForPart(headers, part);
  if (reload) headers.set('cache-control', 'no-cache');
  return headers;
}

/** Every tier checks for itself that a body is what its digest says (RFC 9530). */
export function verifiedAnswer(answer: Answer): Answer {
  const { headers, body, status } = answer;
  const value = headers.get('repr-digest');
  const digest = value === null || status !== 200 ? undefined : parseReprDigest(value);
  if (!digest || !(body instanceof ReadableStream)) return answer;
  const onMismatch = (actual: string) =>
    new MeridianError('digest-mismatch', `expected ${digest.algorithm} ${digest.value}, got ${actual}`);
  return { status, headers, body: verified(body, digest, onMismatch) };
}
