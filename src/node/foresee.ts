/**
 * Predictions at a PoP: what the part that predicts (`predict/`) is lent of a node. What is foreseen is named as if the client who has led to it had asked
 * for it, and takes the ordinary way to the parents; whoever asks for it meanwhile follows the same fill.
 */

import { isFresh, mayServeWhileRevalidating } from '../cache/freshness.ts';
import { discard } from '../cache/lead.ts';
import type { NodeConfig } from '../config/network.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Foreseen } from '../foresight.ts';
import { type Identity, isRestricted } from '../identity.ts';
import { aheadRoute } from '../messages/route.ts';
import type { Parent } from '../parent.ts';
import type { Learned } from '../predict/learned/learned.ts';
import { openPace, type Pace } from '../predict/pace.ts';
import { openPredictor, type PredictLimits, type Predictor, type Prospect } from '../predict/predictor.ts';
import type { Visitor } from '../predict/visitor.ts';
import type { Log } from '../telemetry/log.ts';
import { foreseenIn, planResource, planTarget } from './ahead-route.ts';
import { tellAhead } from './ahead-told.ts';
import { clientFields } from './client-fields.ts';
import { type ForeseenQuestion, questionFor } from './foreseen-question.ts';
import { openForeseenRights } from './foreseen-rights.ts';
import type { Node } from './node.ts';
import { ownExchange } from './own-exchange.ts';
import { statusOf } from './prefetch.ts';
import { whole } from './pull.ts';
import { openRenewals } from './renew.ts';

type Predicting = Pick<Node, 'role' | 'bus' | 'clock' | 'cache' | 'ring' | 'site' | 'guard'>;

/** Of the text of a plan. */
const mostPlanBytes = 8 * 2 ** 20;
const planWithinMs = 15_000;
/** Longer bodies that come for nobody yet make room for what clients wait for. */
const longBytes = 512 * 1024;

export interface Prediction extends Predictor {
  /** An answer to this has turned out to be for those only who have the right by name. */
  noteRestricted(route: string, target: string): void;
}

/** What is asked of the parents, by a worker. A lock file of a project is up to a hundred questions, once. */
const questions = { perS: 20, burst: 400 };

/** `null` at nodes that no client asks, and where the config has none. */
export function openPrediction(node: Predicting, learned: Learned | null, log: Log): Prediction | null {
  const { clock } = node;
  if (node.role !== 'pop' || node.site.config.predict === false) return null;
  const tell = tellAhead(node);
  const rights = openForeseenRights(node);
  const pace = openPace(clock, questions);
  const predictor: Predictor = openPredictor({
    clock,
    learned,
    limits: () => limitsOf(node.site.config),
    look: (route, foreseen, visitor, source) => {
      const asked = questionFor(node, route, foreseen, visitor);
      if (asked === null || !rights.mayHave(asked, foreseen, visitor) || isHere(node, asked)) return null;
      const { key } = asked.resource;
      const [owner] = node.ring?.before(key) ?? [];
      if (owner !== undefined) {
        const restricted = rights.isRestricted(asked, foreseen);
        tell(owner, {
          route,
          visitor,
          source,
          foreseen: restricted ? { ...foreseen, restricted } : foreseen,
        });
        return { key, isElsewhere: true, fetch: () => Promise.resolve({ bytes: 0, firstByteMs: null }) };
      }
      return prospectOf(node, asked, {
        mayCome: (bytes) => predictor.mayCome(key, bytes),
        turn: () => predictor.turn(key),
        restricted: () => rights.note(route, foreseen.target),
      });
    },
    mayFollow: rights.mayFollow,
    // Something new is not in a plan that was made before.
    ask: (route, question, source) => askPlan(node, pace, { route, question, isNews: source === 'renewed' }),
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

function limitsOf({ predict, disk, memory }: NodeConfig): PredictLimits {
  if (predict === false) return nothing;
  const { atOnce, bytesPerS, objectBytes, precisionPercent, roomPercent, usableS } = predict;
  const all = disk === false ? memory : disk;
  return {
    ...{ atOnce, bytesPerS, precision: precisionPercent / 100, usableMs: usableS * 1000 },
    roomBytes: (all.bytes * roomPercent) / 100,
    objectBytes: Math.min(objectBytes, all.objectBytes),
  };
}

/** After a reload that has turned it off. */
const nothing: PredictLimits = { atOnce: 1, precision: 1, usableMs: 60_000, roomBytes: 0, objectBytes: 0 };

/** As good as here: nobody would have to wait for it. */
function isHere({ cache, clock }: Predicting, { resource, exchange }: ForeseenQuestion): boolean {
  const stored = cache.stored(resource, exchange);
  if (stored === null) return false;
  const { freshness } = stored.entry;
  const nowMs = clock.now();
  return isFresh(freshness, nowMs) || mayServeWhileRevalidating(freshness, nowMs);
}

interface Coming {
  /** Whether so much of it may come. */
  mayCome(bytes: number): boolean;
  turn(): Promise<void> | null;
  restricted(): void;
}

function prospectOf(
  node: Predicting,
  { route, resource, exchange }: ForeseenQuestion,
  coming: Coming,
): Prospect {
  const { cache, clock } = node;
  const { key } = resource;
  return {
    key,
    async fetch() {
      let firstByteMs: number | null = null;
      const parent: Parent = async (ask) => {
        const askedMs = clock.elapsed();
        const answer = await node.site.parentOf(route)(ask);
        firstByteMs = clock.elapsed() - askedMs;
        return bounded(answer, coming);
      };
      const now = { ...exchange, nowMs: clock.now(), startedMs: clock.elapsed() };
      const status = await statusOf(await cache.obtain(resource, now, cache.lookup(resource, now), parent));
      const stored = cache.stored(resource, now);
      if (stored !== null && isRestricted(stored.entry.fields)) coming.restricted();
      return { bytes: (status === 200 && stored?.entry.sizeBytes) || 0, firstByteMs };
    },
  };
}

/**
 * What is longer than may be fetched on a guess does not come, whatever was said of it. A long body comes no faster than clients let it, who wait for
 * something else.
 */
function bounded(answer: Answer, { mayCome, turn }: Coming): Answer {
  const { body, headers } = answer;
  const length = headers.get('content-length');
  if (length !== null && !mayCome(Number(length))) {
    discard(answer);
    throw new MeridianError('overloaded', 'it is too long to be fetched on a guess');
  }
  if (!(body instanceof ReadableStream) || Number(length ?? longBytes) < longBytes) return answer;
  let bytes = 0;
  const through = new TransformStream<Uint8Array, Uint8Array>({
    async transform(piece, controller) {
      bytes += piece.byteLength;
      if (!mayCome(bytes)) throw new MeridianError('overloaded', 'it is too long to be fetched on a guess');
      controller.enqueue(piece);
      await turn();
    },
  });
  return { ...answer, body: body.pipeThrough(through) };
}

interface Wanted {
  readonly route: string;
  readonly question: string;
  readonly isNews: boolean;
}

/** Nothing where too much is asked: what a plan says that is here costs nothing. */
async function askPlan(
  { cache, clock, site }: Predicting,
  pace: Pace,
  { route, question, isNews }: Wanted,
): Promise<readonly Foreseen[]> {
  const target = planTarget(route, question);
  const resource = planResource(target);
  const plans = site.routes.named(aheadRoute);
  if (plans === null) return [];
  const times = { nowMs: clock.now(), startedMs: clock.elapsed() };
  const own = ownExchange({ method: 'GET', target, body: null, ...times });
  const exchange = isNews ? { ...own, headers: new Headers({ 'cache-control': 'no-cache' }) } : own;
  if ((isNews || cache.stored(resource, exchange) === null) && !pace.take()) return [];
  const obtained = await cache.obtain(
    resource,
    exchange,
    cache.lookup(resource, exchange),
    site.parentOf(plans),
  );
  const gone = AbortSignal.timeout(planWithinMs);
  const { status, bytes } = await whole(obtained, gone, mostPlanBytes, clock.now());
  return foreseenIn(status, bytes);
}

/** Clients have thousands of sessions at once: what they say of themselves is kept for each. */
const longestField = 1_024;

/** What of a request makes up the words in which its client asks. */
export function visitorOf({ guard }: Pick<Node, 'guard'>, exchange: Exchange): Visitor {
  const headers = new Headers();
  for (const name of clientFields) {
    const value = exchange.headers.get(name);
    if (value !== null && value.length <= longestField) headers.set(name, value);
  }
  const { base, authority } = exchange;
  return { base, authority, headers, identity: guard === null ? null : identityAtOnce(guard, exchange) };
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
