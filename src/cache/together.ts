/**
 * Requests that want the same at the same time: one asks the parent, the others wait for its answer.
 */
import type { Clock } from '../clock.ts';
import type { Entry } from '../entry.ts';
import { chooseEncoding } from '../http/encoding.ts';
import { selects } from '../http/vary.ts';
import type { Result } from './ask.ts';
import type { Engine } from './engine.ts';
import type { Flight, Landing } from './flights.ts';
import { isFresh, mayJoin, mayServeOnError } from './freshness.ts';
import { flightFor, flightKey } from './kin.ts';
import { lead } from './lead.ts';
import type { Failure, Question } from './question.ts';
import type { Served } from './served.ts';
import type { Stored } from './store.ts';

/** Failures that a waiting request sees happen to others before it fails as well. */
const maxFailures = 2;

/** Waits for whoever is asking the parent already, or asks, so that others can wait. */
export async function together(question: Question, stored: Stored | null, engine: Engine): Promise<Served> {
  const { clock } = engine;
  const deadlineMs = clock.elapsed() + engine.tuning.lockMs;
  let known: Set<string> | null = null;
  let hasLooked = false;
  for (let failed = 0; ; ) {
    const key = flightKey(question, engine);
    const flight = flightFor(question, engine);
    // A long fill may outlive the note that its key is not worth collapsing: then somebody tries anew.
    if (!flight || flight.unshared) {
      const arrived = arrivedMeanwhile(question, stored, engine);
      if (arrived && !(arrived instanceof Promise)) return arrived;
      if (arrived && !hasLooked) {
        hasLooked = true;
        const onDisk = await arrived;
        if (onDisk) return onDisk;
        // Somebody else may be asking by now.
        continue;
      }
      return settle(
        question,
        stored,
        await lead(question, stored, engine, { key, background: false }),
        engine,
      );
    }
    const wasFilling = flight.storing;
    const landing = await patiently(flight, deadlineMs - clock.elapsed(), clock);
    if (landing === null) break;
    if (landing.as === 'unshared') {
      if (isBeingShared(question, flight, engine)) continue;
      break;
    }
    const failing = failureOf(landing);
    if (failing) {
      // Nothing better comes from asking again for bytes that were wrong.
      const isFinal = engine.refused.get(question.resource.key) !== undefined;
      if (isFinal || ++failed >= maxFailures) return failure(question, stored, failing, engine);
      continue;
    }
    if (wasFilling && hasAged(landing, clock.now())) continue;
    const served = landing.as !== 'failed' && join(question, landing);
    if (served) {
      const { trace } = flight.question.exchange;
      if (trace) question.exchange.trace?.joined(trace);
      return served;
    }
    // The answer was another variant than ours. Now that its Vary is known, those who want the same
    // one wait together; where that tells nothing new, there is no point in waiting again.
    known ??= new Set<string>();
    if (known.has(key)) break;
    known.add(key);
    if (flightKey(question, engine) === key) break;
  }
  return (await arrivedMeanwhile(question, stored, engine)) ?? alone(question, stored, engine);
}

/** Asks the parent without anybody else: what comes may be for this request only. */
export async function alone(question: Question, stored: Stored | null, engine: Engine): Promise<Served> {
  const result = await lead(question, stored, engine, { key: null, background: false });
  return settle(question, stored, result, engine);
}

/** Whether an answer is being stored that others may have, though the one that was waited for is for one request only. */
function isBeingShared(question: Question, waitedFor: Flight, engine: Engine): boolean {
  const flight = flightFor(question, engine);
  return flight !== undefined && flight !== waitedFor && flight.storing && !flight.unshared;
}

/** What somebody else has fetched and stored while this request was on its way here, or waited in vain. At once, where it is in memory. */
function arrivedMeanwhile(
  question: Question,
  stored: Stored | null,
  engine: Engine,
): Served | null | Promise<Served | null> {
  if (question.reload || question.confirm !== null) return null;
  const { resource, exchange, outcome } = question;
  const { store, clock } = engine;
  const isNews = ({ freshness, sha256 }: Entry) =>
    isFresh(freshness, clock.now()) &&
    (stored?.entry.freshness.receivedMs !== freshness.receivedMs || stored.entry.sha256 !== sha256);
  const asServed = (source: Stored | null): Served | null =>
    source && isNews(source.entry) ? { outcome, source, forwarding: { collapsed: true } } : null;
  const arrived = store.locate(resource.key, exchange.headers);
  if (!arrived || !isNews(arrived.entry)) return null;
  if (arrived.from === 'memory') return asServed(store.peek(resource.key, exchange.headers));
  const found = store.find(resource.key, exchange.headers);
  return found instanceof Promise ? found.then(asServed) : asServed(found);
}

/** Whether a response that had come before we did is no longer one that may be used unasked. */
function hasAged(landing: Landing, nowMs: number): boolean {
  return landing.as === 'fill' && !mayJoin(landing.fill.head.freshness, nowMs);
}

/** A response may also fail between its head and our turn. */
function failureOf(landing: Landing): Failure | null {
  if (landing.as === 'failed') return landing;
  const error = landing.as === 'fill' ? landing.fill.error : null;
  return error && { error };
}

/** Another request's answer as ours, if it is the variant that we want. */
function join(
  { exchange, outcome }: Question,
  landing: Landing & { as: 'fill' | 'confirmed' | 'in-place' | 'bodiless' },
): Served | null {
  const forwarding = { ...landing.forwarding, collapsed: true, own: undefined };
  if (landing.as === 'fill') {
    const { fill } = landing;
    if (!fill.alive || !selects(fill.head.selecting, exchange.headers)) return null;
    return { outcome, source: { from: 'fill', fill }, forwarding };
  }
  if (landing.as === 'bodiless') {
    const { answer, head } = landing;
    if (!selects(head.selecting, exchange.headers)) return null;
    return { outcome, source: { from: 'parent', answer }, forwarding };
  }
  const { stored } = landing;
  return selects(stored.entry.selecting, exchange.headers)
    ? { outcome: landing.as === 'confirmed' ? 'revalidated' : outcome, source: stored, forwarding }
    : null;
}

/** The result of our own request to the parent as a response. */
async function settle(
  question: Question,
  stored: Stored | null,
  result: Result,
  engine: Engine,
): Promise<Served> {
  const { outcome } = question;
  switch (result.as) {
    case 'failed':
      return failure(question, stored, result, engine);
    case 'confirmed':
      return { outcome: 'revalidated', source: result.stored, forwarding: result.forwarding };
    case 'in-place':
      return { outcome, source: result.stored, forwarding: result.forwarding };
    case 'fill':
      return { outcome, source: { from: 'fill', fill: result.fill }, forwarding: result.forwarding };
    case 'answer':
      return { outcome, source: { from: 'parent', answer: result.answer }, forwarding: result.forwarding };
  }
}

/** Something stale rather than an error, where that is allowed by what is known by now. */
export async function failure(
  question: Question,
  stored: Stored | null,
  failed: Failure,
  engine: Engine,
): Promise<Served> {
  const { resource, exchange } = question;
  // It would be taken for an answer that takes account of what the asker knows.
  if (question.confirm !== null) throw failed.error;
  const known =
    engine.store.peek(resource.key, exchange.headers) ??
    (await asKnownNow(question, stored, engine)) ??
    (await uncompressed(question, engine));
  const usable = known && mayServeOnError(known.entry.freshness, engine.clock.now(), failed.error);
  if (usable) return staleOnError(known, failed);
  throw failed.error;
}

/** What was found stored, unless it is no more what it was then: then what is there instead, if anything is. */
async function asKnownNow(
  { resource, exchange, inHand }: Question,
  stored: Stored | null,
  { store }: Engine,
): Promise<Stored | null> {
  if (stored === null || inHand?.wanted !== false) return stored;
  return store.find(resource.key, exchange.headers);
}

/** The plain form of what is compressed here: better than an error for whoever takes it. */
async function uncompressed({ resource, exchange }: Question, { store }: Engine): Promise<Stored | null> {
  const accepted = exchange.headers.get('accept-encoding');
  if (!resource.compress || chooseEncoding(accepted, ['identity']) === undefined) return null;
  const headers = new Headers(exchange.headers);
  headers.delete('accept-encoding');
  return store.peek(resource.key, headers) ?? store.find(resource.key, headers);
}

export function staleOnError(source: Stored, { error, status }: Failure): Served {
  const detail = source.entry.freshness.suspect ? `${error.code}:suspect` : error.code;
  return { outcome: 'stale-on-error', source, forwarding: { status, detail } };
}

/** The landing, or `null` when it takes longer than a request should wait for another. */
function patiently(flight: Flight, forMs: number, clock: Clock): Promise<Landing | null> {
  flight.waiting++;
  return new Promise<Landing | null>((resolve) => {
    const cancel = clock.after(Math.max(0, forMs), () => resolve(null));
    void flight.landing.then((landed) => {
      cancel();
      resolve(landed);
    });
  }).finally(() => {
    // Whoever has waited begins to read in this turn, and must not be taken for gone before.
    setImmediate(() => void flight.waiting--);
  });
}
