/**
 * What happens to a request that memory alone cannot answer: disk, something stale, somebody else's fill,
 * the parent; in this order, and each at most once.
 */
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { parseCacheControl } from '../http/cache-control.ts';
import { selects } from '../http/vary.ts';
import type { Outcome } from '../outcome.ts';
import type { Engine, Question } from './engine.ts';
import type { Landing } from './flights.ts';
import { ageS, mayServeOnError, mayServeWhileRevalidating, remainingS } from './freshness.ts';
import { discard, flightKey, lead, type Result } from './lead.ts';
import { wantsNewer } from './lookup.ts';
import type { Found, Served } from './served.ts';
import type { Stored } from './store.ts';

/** Failures that a waiting request sees happen to others before it fails as well. */
const maxFailures = 2;

export async function obtain(asked: Omit<Question, 'reload'>, found: Found, engine: Engine): Promise<Served> {
  const { resource, exchange } = asked;
  const stored: Stored | null = found.resident
    ? { from: 'memory', entry: found.resident.entry, resident: found.resident }
    : await engine.store.find(resource.key, exchange.headers);

  const question = { ...asked, reload: wantsReload(exchange, stored) };
  const served = stored && withoutAsking(question, stored, engine);
  if (served) return served;
  if (parseCacheControl(exchange.headers.get('cache-control')).onlyIfCached) {
    throw new MeridianError('only-if-cached', 'nothing stored may be used for this request');
  }
  const refused = engine.refused.get(resource.key);
  if (refused) throw refused;
  return exchange.method === 'GET' && !engine.uncollapsible.get(resource.key)
    ? together(question, stored, engine)
    : alone(question, stored, engine);
}

/** What is stored, if it may be used without waiting for the parent. */
function withoutAsking(question: Question, stored: Stored, engine: Engine): Served | null {
  const { exchange, resource, reload } = question;
  const { freshness } = stored.entry;
  const { nowMs } = exchange;
  if (reload) return null;
  if (remainingS(freshness, nowMs) > 0 && !freshness.alwaysRevalidate) {
    return { outcome: stored.from === 'disk' ? 'hit-disk' : 'hit', source: stored, forwarding: null };
  }
  const failing = engine.failing.get(resource.key);
  if (failing && mayServeOnError(freshness, nowMs)) return staleOnError(stored, failing);
  // A caller who revalidates in the background gains nothing from something stale.
  if (exchange.tier?.background || !mayServeWhileRevalidating(freshness, nowMs)) return null;
  revalidate(question, stored, engine);
  return { outcome: 'hit-stale', source: stored, forwarding: null };
}

/** Has one request confirm or replace a stored response while others are served what there is. */
function revalidate(question: Question, stored: Stored, engine: Engine): void {
  const key = flightKey(question, engine);
  if (engine.flights.get(key)) return;
  void lead(question, stored, engine, { key, background: true }).then((result) => {
    if (result.as === 'answer') discard(result.answer);
  });
}

/** Waits for whoever is asking the parent already, or asks, so that others can wait. */
async function together(question: Question, stored: Stored | null, engine: Engine): Promise<Served> {
  let key = flightKey(question, engine);
  for (let failed = 0; ; ) {
    const flight = engine.flights.get(key);
    if (!flight || (flight.fill && !flight.fill.alive)) {
      const result = await lead(question, stored, engine, { key, background: false });
      return settle(question, stored, result, engine);
    }
    const landing = await patiently(flight.landing, engine.lockMs, engine.clock);
    if (landing === null || landing.as === 'unshared') break;
    if (landing.as === 'failed') {
      if (++failed >= maxFailures) return failure(question, stored, landing);
      continue;
    }
    const served = join(question, landing);
    if (served) return served;
    // The answer was another variant than ours. Now that its Vary is known, those who want the same
    // one wait together; if that tells nothing new, there is no point in waiting again.
    const next = flightKey(question, engine);
    if (next === key) break;
    key = next;
  }
  return alone(question, stored, engine);
}

async function alone(question: Question, stored: Stored | null, engine: Engine): Promise<Served> {
  const result = await lead(question, stored, engine, { key: null, background: false });
  return settle(question, stored, result, engine);
}

/** Another request's answer as ours, if it is the variant that we want. */
function join({ exchange }: Question, landing: Landing & { as: 'fill' | 'confirmed' }): Served | null {
  const forwarding = { ...landing.forwarding, collapsed: true };
  if (landing.as === 'fill') {
    const { fill } = landing;
    if (!fill.alive || !selects(fill.head.selecting, exchange.headers)) return null;
    return { outcome: 'miss', source: { from: 'fill', fill }, forwarding };
  }
  const { stored } = landing;
  return selects(stored.entry.selecting, exchange.headers)
    ? { outcome: 'revalidated', source: stored, forwarding }
    : null;
}

/** The result of our own request to the parent as a response. */
function settle(question: Question, stored: Stored | null, result: Result, engine: Engine): Served {
  switch (result.as) {
    case 'failed':
      return failure(question, stored, result);
    case 'confirmed':
      return { outcome: 'revalidated', source: result.stored, forwarding: result.forwarding };
    case 'fill':
      return {
        outcome: missOutcome(question, stored, engine),
        source: { from: 'fill', fill: result.fill },
        forwarding: result.forwarding,
      };
    case 'answer':
      return {
        outcome: missOutcome(question, stored, engine),
        source: { from: 'parent', answer: result.answer },
        forwarding: result.forwarding,
      };
  }
}

function missOutcome(question: Question, stored: Stored | null, engine: Engine): Outcome {
  if (stored) return question.reload ? 'reload' : 'expired';
  return engine.vary.get(question.resource.key) ? 'vary-miss' : 'miss';
}

/** Something stale rather than an error, where that is allowed. */
function failure(
  { exchange }: Question,
  stored: Stored | null,
  failed: { readonly error: MeridianError; readonly status?: number },
): Served {
  if (stored && mayServeOnError(stored.entry.freshness, exchange.nowMs)) return staleOnError(stored, failed);
  throw failed.error;
}

function staleOnError(
  source: Stored,
  { error, status }: { readonly error: MeridianError; readonly status?: number },
): Served {
  return { outcome: 'stale-on-error', source, forwarding: { status, detail: error.code } };
}

/** The landing, or `null` when it takes longer than a request should wait for another. */
function patiently(landing: Promise<Landing>, lockMs: number, clock: Clock): Promise<Landing | null> {
  return new Promise((resolve) => {
    const cancel = clock.after(lockMs, () => resolve(null));
    void landing.then((landed) => {
      cancel();
      resolve(landed);
    });
  });
}

/** Whether the request asks for something newer than what is stored here, or at the parent. */
function wantsReload(exchange: Exchange, stored: Stored | null): boolean {
  if (!stored) return wantsNewer(exchange, 0, Number.POSITIVE_INFINITY);
  const { freshness } = stored.entry;
  return wantsNewer(exchange, ageS(freshness, exchange.nowMs), remainingS(freshness, exchange.nowMs));
}
