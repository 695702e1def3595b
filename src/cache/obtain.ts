/**
 * What happens to a request that memory alone cannot answer: disk, something stale, somebody else's fill,
 * the parent; in this order, and each at most once.
 */
import { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { parseCacheControl } from '../http/cache-control.ts';
import { discard } from './answer.ts';
import type { Engine } from './engine.ts';
import { ageS, isFresh, mayServeOnError, mayServeWhileRevalidating, remainingS } from './freshness.ts';
import { flightFor, flightKey, kinKey } from './kin.ts';
import { lead } from './lead.ts';
import { wantsNewer } from './lookup.ts';
import type { Question } from './question.ts';
import type { Found, Served } from './served.ts';
import { isPersonal, refusesStore } from './storable.ts';
import { resident, type Stored } from './store.ts';
import { alone, failure, staleOnError, together } from './together.ts';

type Asked = Pick<Question, 'resource' | 'exchange' | 'parent'>;

export async function obtain(asked: Asked, found: Found, engine: Engine): Promise<Served> {
  const { resource, exchange } = asked;
  const stored = found.resident
    ? resident(found.resident)
    : await engine.store.find(resource.key, exchange.headers);

  const question = questionOf(asked, stored, engine);
  const outcome = found.resident ? 'hit' : 'hit-disk';
  const served = stored && withoutAsking(question, stored, outcome, engine);
  if (served) return served;
  if (parseCacheControl(exchange.headers.get('cache-control')).onlyIfCached) {
    throw new MeridianError('only-if-cached', 'nothing stored may be used for this request');
  }
  const refused = engine.refused.get(resource.key);
  if (refused) return failure(question, stored, { error: refused }, engine);
  return mayWait(question, engine) ? together(question, stored, engine) : alone(question, stored, engine);
}

function questionOf(asked: Asked, stored: Stored | null, engine: Engine): Question {
  const { resource, exchange } = asked;
  const reload = wantsReload(exchange, stored);
  const known = engine.vary.get(resource.key) !== undefined;
  const outcome = stored ? (reload ? 'reload' : 'expired') : known ? 'vary-miss' : 'miss';
  return { ...asked, reload, personal: isPersonal(resource, exchange), outcome };
}

/** Whether there is any point in waiting for somebody else's answer. */
function mayWait(question: Question, { uncollapsible }: Engine): boolean {
  const { exchange } = question;
  return exchange.method === 'GET' && !refusesStore(exchange) && !uncollapsible.get(kinKey(question));
}

/** What is stored, if it may be used without waiting for the parent. */
function withoutAsking(
  question: Question,
  stored: Stored,
  outcome: 'hit' | 'hit-disk',
  engine: Engine,
): Served | null {
  if (question.reload) return null;
  const { exchange, resource } = question;
  const { freshness } = stored.entry;
  const nowMs = engine.clock.now();
  if (isFresh(freshness, nowMs)) return { outcome, source: stored, forwarding: null };
  const failing = engine.failing.get(resource.key);
  if (failing && mayServeOnError(freshness, nowMs)) return staleOnError(stored, failing);
  // A caller who revalidates in the background gains nothing from something stale.
  if (exchange.tier?.background || !mayServeWhileRevalidating(freshness, nowMs)) return null;
  if (!failing) revalidate(question, stored, engine);
  return { outcome: 'hit-stale', source: stored, forwarding: null };
}

/** Has one request confirm or replace a stored response while others are served what there is. */
function revalidate(question: Question, stored: Stored, engine: Engine): void {
  if (flightFor(question, engine)) return;
  const how = { key: flightKey(question, engine), background: true };
  void lead(question, stored, engine, how).then((result) => {
    if (result.as === 'answer') discard(result.answer);
  });
}

/** Whether the request asks for something newer than what is stored here, or at the parent. */
function wantsReload(exchange: Exchange, stored: Stored | null): boolean {
  if (!stored) return wantsNewer(exchange, 0, Number.POSITIVE_INFINITY);
  const { freshness } = stored.entry;
  return wantsNewer(exchange, ageS(freshness, exchange.nowMs), remainingS(freshness, exchange.nowMs));
}
