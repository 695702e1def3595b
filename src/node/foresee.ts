/**
 * Predictions at a PoP: what the part that predicts (`predict/`) is lent of a node. What is foreseen is named as if the client who has led to it had asked
 * for it, and takes the ordinary way to the parents; whoever asks for it meanwhile follows the same fill.
 */

import { isFailure } from '../cache/ask.ts';
import { isFresh, mayServeWhileRevalidating } from '../cache/freshness.ts';
import type { NodeConfig } from '../config/network.ts';
import type { Exchange } from '../exchange.ts';
import type { Foreseen } from '../foresight.ts';
import { type Identity, isRestricted } from '../identity.ts';
import type { Parent } from '../parent.ts';
import type { Learned } from '../predict/learned/learned.ts';
import { openPredictor, type Predictor } from '../predict/predictor.ts';
import type { Restricted } from '../predict/restricted.ts';
import type { Source } from '../predict/score.ts';
import type { Elsewhere, PredictLimits, Prospect, Whence } from '../predict/surroundings.ts';
import type { Visitor } from '../predict/visitor.ts';
import type { Resource } from '../resource.ts';
import type { Log } from '../telemetry/log.ts';
import { tellAhead } from './ahead-told.ts';
import { clientFields } from './client-fields.ts';
import { type ForeseenQuestion, questionOfClient } from './foreseen-question.ts';
import { openForeseenRights } from './foreseen-rights.ts';
import type { Node } from './node.ts';
import { onAGuess } from './on-a-guess.ts';
import { openPlans } from './plan.ts';
import type { Prediction } from './prediction.ts';
import { statusOf } from './prefetch.ts';
import { openRenewals } from './renew.ts';

type Predicting = Pick<Node, 'role' | 'bus' | 'clock' | 'cache' | 'ring' | 'site' | 'guard' | 'audience'>;

export interface PredictsBy {
  readonly learned: Learned | null;
  readonly restricted: Restricted;
  readonly log: Log;
}

/** `null` at nodes that no client asks, and where the config has none. */
export function openPrediction(
  node: Predicting,
  { learned, restricted, log }: PredictsBy,
): Prediction | null {
  const { clock } = node;
  if (node.role !== 'pop' || node.site.config.predict === false) return null;
  const tell = tellAhead(node);
  const rights = openForeseenRights(node, restricted);
  const askPlan = openPlans(node);
  function look(
    route: string,
    foreseen: Foreseen,
    visitor: Visitor,
    source: Source,
  ): Prospect | Elsewhere | null {
    const asked = questionOfClient(node, route, foreseen, visitor);
    if (asked === null || !rights.mayHave(asked, foreseen, visitor) || isHere(node, asked)) return null;
    const { key } = asked.resource;
    const [owner] = node.ring?.before(key) ?? [];
    if (owner !== undefined)
      return {
        key,
        tell: () =>
          tell(owner, { route, foreseen: rights.said(asked, foreseen), visitor: asked.visitor, source }),
      };
    return prospectOf(node, asked, {
      ...{ turn: predictor.turn, isAwaited: predictor.isAwaited },
      answered: (isRestricted) => rights.note({ ...asked, route, target: foreseen.target }, isRestricted),
    });
  }

  const predictor: Predictor = openPredictor({
    clock,
    learned,
    limits: () => limitsOf(node.site.config),
    keyOf: (route, target, visitor) =>
      questionOfClient(node, route, { target }, visitor)?.resource.key ?? null,
    look,
    mayFollow: rights.mayFollow,
    way: () => node.site.way(),
    unwanted: node.cache.unwanted,
    // Something new is not in a plan that was made before.
    ask: (route, question, { source, visitor, isServed }) =>
      askPlan({
        ...{ route, question, isNews: source === 'renewed', isServed },
        look: (each) => look(route, each, visitor, source),
      }),
    warn: (message, fields) => log.debug(message, fields),
  });
  const renewals = openRenewals(node, predictor);
  return {
    ...predictor,
    noteRestricted: rights.note,
    get state() {
      return predictor.state;
    },
    close() {
      renewals.close();
      predictor.close();
    },
  };
}

function limitsOf({ predict, disk, memory, failover }: NodeConfig): PredictLimits {
  if (predict === false) return nothing;
  const { atOnce, bytesPerS, objectBytes, precisionPercent, roomPercent, usableS } = predict;
  const all = disk === false ? memory : disk;
  return {
    // Clients must find a connection to a parent free, whatever is predicted.
    atOnce: Math.max(1, Math.min(atOnce, Math.floor(failover.connections / 2))),
    ...{ bytesPerS, precision: precisionPercent / 100, usableMs: usableS * 1000 },
    roomBytes: (all.bytes * roomPercent) / 100,
    objectBytes: Math.min(objectBytes, all.objectBytes),
  };
}

/** After a reload that has turned it off. */
const nothing: PredictLimits = { atOnce: 1, precision: 1, usableMs: 60_000, roomBytes: 0, objectBytes: 0 };

/** From where a client gets what memory alone cannot give him. */
export function whenceOf(
  node: Pick<Node, 'cache' | 'clock' | 'ring'>,
  resource: Resource,
  exchange: Exchange,
): Whence {
  if (exchange.relayed !== true && (node.ring?.before(resource.key).length ?? 0) > 0) return 'elsewhere';
  return isHere(node, { resource, exchange }) ? 'here' : 'parent';
}

/** As good as here: nobody would have to wait for it. */
function isHere(
  { cache, clock }: Pick<Node, 'cache' | 'clock'>,
  { resource, exchange }: Pick<ForeseenQuestion, 'resource' | 'exchange'>,
): boolean {
  const stored = cache.stored(resource, exchange);
  if (stored === null) return false;
  const { freshness } = stored.entry;
  const nowMs = clock.now();
  return isFresh(freshness, nowMs) || mayServeWhileRevalidating(freshness, nowMs);
}

function prospectOf(
  node: Predicting,
  { route, resource, exchange }: ForeseenQuestion,
  predictor: Pick<Predictor, 'turn' | 'isAwaited'> & { answered(isRestricted: boolean): void },
): Prospect {
  const { cache, clock } = node;
  const { key } = resource;
  return {
    key,
    async fetch(progress) {
      let firstByteMs: number | null = null;
      const parent: Parent = async (ask) => {
        const askedMs = clock.elapsed();
        const answer = await node.site.parentOf(route)({ ...ask, isAhead: true });
        firstByteMs = clock.elapsed() - askedMs;
        return onAGuess(answer, {
          mostBytes: limitsOf(node.site.config).objectBytes,
          isAwaited: () => predictor.isAwaited(key),
          turn: () => predictor.turn(key),
          ...progress,
        });
      };
      const now = { ...exchange, nowMs: clock.now(), startedMs: clock.elapsed() };
      const obtained = await cache.obtain(resource, now, cache.lookup(resource, now), parent);
      const status = await statusOf(obtained);
      if (isFailure(status)) throw new Error(`the parent answers ${status}`);
      const { source } = obtained;
      const bytes = source.from === 'fill' ? source.fill.receivedBytes : 0;
      const stored = cache.stored(resource, now);
      if (stored !== null) predictor.answered(isRestricted(stored.entry.fields));
      return { bytes, isKept: stored !== null, firstByteMs };
    },
  };
}

/** In whose words things are asked for, with what he may have. */
export function visitorOf({ guard }: Pick<Node, 'guard'>, exchange: Exchange): Visitor {
  return { ...wordsOf(exchange), identity: guard === null ? null : identityAtOnce(guard, exchange) };
}

/** Of one: what clients say of themselves is kept for thousands of them. */
const longestField = 1_024;

/** What of a request makes up the words in which its client asks; with nobody's rights. */
export function wordsOf({ base, authority, headers: asked }: Exchange): Visitor {
  const headers = new Headers();
  for (const name of clientFields) {
    const value = asked.get(name);
    if (value !== null && value.length <= longestField) headers.set(name, value);
  }
  return { base, authority, headers, identity: null };
}

function identityAtOnce(guard: NonNullable<Node['guard']>, exchange: Exchange): Identity | null {
  try {
    const identity = guard.identify(exchange);
    if (!(identity instanceof Promise)) return identity;
    identity.catch(() => {}); // the request itself hears the same
    return null;
  } catch {
    return null; // the request itself hears why
  }
}
