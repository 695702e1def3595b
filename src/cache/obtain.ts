/**
 * What happens to a request that memory alone cannot answer: disk, something stale, somebody else's fill,
 * the parent; in this order, and each at most once.
 */
import { MeridianError } from '../errors.ts';
import { parseCacheControl } from '../http/cache-control.ts';
import { discard } from './answer.ts';
import { hint } from './early-hints.ts';
import type { Engine } from './engine.ts';
import { noVarySearchOf } from './equivalents.ts';
import {
  isDue,
  isFresh,
  mayServeOnError,
  mayServeTolerated,
  mayServeWhileRevalidating,
} from './freshness.ts';
import { flightFor, flightKey, kinKey } from './kin.ts';
import { lead } from './lead.ts';
import { wantsNewer } from './lookup.ts';
import type { Question } from './question.ts';
import type { Found, Served } from './served.ts';
import { layoutOf } from './slices/layout.ts';
import { isPersonal, refusesStore } from './storable.ts';
import type { Stored } from './store.ts';
import { alone, failure, staleOnError, together } from './together.ts';

type Asked = Pick<Question, 'resource' | 'exchange' | 'parent'>;

export async function obtain(asked: Asked, found: Found, engine: Engine): Promise<Served> {
  const { resource, exchange } = asked;
  engine.demand.note(resource.key);
  // It may have been a while since it was found in memory: a member of a ring asks the owner first.
  const inMemory = found.resident && engine.store.peek(resource.key, exchange.headers);
  const stored = inMemory ?? (await onDisk(asked, engine));

  const question = questionOf(asked, stored, engine);
  const outcome = inMemory ? 'hit' : 'hit-disk';
  const served = stored && withoutAsking(question, stored, outcome, engine);
  if (served) return served;
  if (parseCacheControl(exchange.headers.get('cache-control')).onlyIfCached) {
    throw new MeridianError('only-if-cached', 'nothing stored may be used for this request');
  }
  if (stored) hint(exchange, stored.entry);
  const inHand = stored && engine.store.inHand(stored.entry);
  try {
    return await newer({ ...question, inHand }, stored, engine);
  } finally {
    inHand?.end();
  }
}

/** From the parent, or from whoever asks it already. */
function newer(question: Question, stored: Stored | null, engine: Engine): Promise<Served> {
  const refused = engine.refused.get(question.resource.key);
  if (refused) return failure(question, stored, { error: refused }, engine);
  return mayWait(question, engine) ? together(question, stored, engine) : alone(question, stored, engine);
}

async function onDisk(asked: Asked, engine: Engine): Promise<Stored | null> {
  const { resource, exchange } = asked;
  const stored = await engine.store.find(resource.key, exchange.headers);
  if (!stored) return equivalentOnDisk(asked, engine);
  // What it says of other addresses may be from before a restart.
  engine.equivalents.learn(resource, noVarySearchOf(stored.entry));
  return stored;
}

/** Something fresh that is stored under another address, and may be used for this one. */
async function equivalentOnDisk({ resource, exchange }: Asked, engine: Engine): Promise<Stored | null> {
  const key = engine.equivalents.keyFor(resource);
  const stored = key === null ? null : await engine.store.find(key, exchange.headers);
  // The slices of a layout go by the key that it was asked for with.
  if (!stored || layoutOf(stored.entry)) return null;
  if (!engine.equivalents.covers(stored.entry, resource)) return null;
  const { freshness } = stored.entry;
  return isFresh(freshness, exchange.nowMs) && !wantsNewer(exchange, freshness, resource) ? stored : null;
}

function questionOf(asked: Asked, stored: Stored | null, engine: Engine): Question {
  const { resource, exchange } = asked;
  // Of something newer than what is stored here, or at the parent.
  const reload = wantsNewer(exchange, stored?.entry.freshness ?? null, resource);
  const known = engine.vary.get(resource.key) !== undefined;
  const outcome = stored ? (reload ? 'reload' : 'expired') : known ? 'vary-miss' : 'miss';
  const bodiless = exchange.method === 'HEAD';
  const confirm = exchange.tier?.mustConfirm ? JSON.stringify(exchange.tier.knows) : null;
  const personal = isPersonal(resource, exchange);
  return { ...asked, reload, confirm, bodiless, personal, inHand: null, outcome };
}

/** Whether there is any point in waiting for somebody else's answer. */
function mayWait(question: Question, { uncollapsible }: Engine): boolean {
  return !refusesStore(question.exchange, question.resource) && !uncollapsible.get(kinKey(question));
}

/** What is stored, if it may be used without waiting for the parent. */
function withoutAsking(
  question: Question,
  stored: Stored,
  outcome: 'hit' | 'hit-disk',
  engine: Engine,
): Served | null {
  if (question.reload || question.confirm !== null) return null;
  const { exchange, resource } = question;
  const { freshness } = stored.entry;
  const nowMs = engine.clock.now();
  if (isFresh(freshness, nowMs)) {
    if (isDue(freshness, nowMs) && !engine.failing.get(resource.key)) {
      // It is asked by a tier that revalidates, so that the question goes all the way up.
      if (exchange.tier?.background) return null;
      revalidate(question, stored, engine);
    }
    return { outcome, source: stored, forwarding: null };
  }
  const { maxStale } = parseCacheControl(exchange.headers.get('cache-control'));
  if (maxStale !== undefined && mayServeTolerated(freshness, nowMs, maxStale)) {
    return { outcome: 'hit-tolerated', source: stored, forwarding: null };
  }
  const failing = engine.failing.get(resource.key);
  if (failing && mayServeOnError(freshness, nowMs, failing.error)) return staleOnError(stored, failing);
  // A caller who revalidates in the background gains nothing from something stale.
  if (exchange.tier?.background || !mayServeWhileRevalidating(freshness, nowMs)) return null;
  if (!failing) revalidate(question, stored, engine);
  return { outcome: 'hit-stale', source: stored, forwarding: null };
}

/**
 * Has what is stored confirmed, or replaced, before it is too old. Resolves when that is done; nothing happens to what is not stored, or is being
 * confirmed already. What is stored stays, whatever goes wrong.
 */
export async function renew(asked: Asked, engine: Engine): Promise<void> {
  const { key } = asked.resource;
  const stored = engine.store.peek(key, asked.exchange.headers) ?? (await onDisk(asked, engine));
  // Of what is kept in slices, each is confirmed when it is wanted.
  if (stored === null || engine.failing.get(key) || layoutOf(stored.entry)) return;
  const question = questionOf(asked, stored, engine);
  if (flightFor(question, engine)) return;
  const result = await lead(question, stored, engine, { key: flightKey(question, engine), background: true });
  if (result.as === 'answer') discard(result.answer);
  if (result.as === 'fill') await result.fill.over;
}

/** Has one request confirm or replace a stored response while others are served what there is. */
function revalidate(question: Question, stored: Stored, engine: Engine): void {
  if (flightFor(question, engine)) return;
  const how = { key: flightKey(question, engine), background: true };
  void lead(question, stored, engine, how).then((result) => {
    if (result.as === 'answer') discard(result.answer);
  });
}
