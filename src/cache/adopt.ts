/**
 * Answers that nobody looked up, but that may stand for what can be: what a POST has given, and says by its
 * `Content-Location` that a GET of the same address would give as well (RFC 9110 §9.3.3).
 */
import type { Answer } from '../entry.ts';
import { type Exchange, inOtherWords } from '../exchange.ts';
import type { Resource } from '../resource.ts';
import type { Engine } from './engine.ts';
import { explicitLifetime } from './freshness.ts';
import type { Served } from './served.ts';
import { isPersonal, refusalToStore } from './storable.ts';
import { alone } from './together.ts';

/** `null` when the answer has to be passed on as it is: without a stated lifetime it stands for itself only. */
export function adopt(
  resource: Resource,
  exchange: Exchange,
  answer: Answer,
  engine: Engine,
): Promise<Served> | null {
  const nowMs = engine.clock.now();
  const lifetimeS = explicitLifetime(answer.headers, nowMs);
  if (lifetimeS === undefined || refusalToStore(exchange, resource, answer, nowMs) !== null) return null;
  // The request has been made, and its client wants the answer, whatever becomes of it here.
  if (engine.flights.size > engine.tuning.maxFills) return null;
  const personal = isPersonal(resource, exchange);
  const parent = async () => answer;
  const question = {
    resource,
    // The request for which the answer will stand.
    exchange: inOtherWords(exchange, { method: 'GET', body: () => null }),
    parent,
    reload: false,
    confirm: null,
    bodiless: false,
    inHand: null,
    personal,
  } as const;
  return alone({ ...question, outcome: 'method' }, null, engine);
}
