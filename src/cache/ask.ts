/**
 * Asks the parent, and decides what its answer means: a stored response that holds, a new one to store, one for
 * this request alone, or a failure that something stored can stand in for.
 */
import type { Answer, Entry, Head } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import { sha256Checked } from '../http/digest.ts';
import { selectingValue } from '../http/vary.ts';
import { announcedBytes, discard, streamOf } from './answer.ts';
import type { Arrival } from './arrivals.ts';
import { bodilessVerdict } from './bodiless.ts';
import type { Engine } from './engine.ts';
import { failureIn } from './failing-answer.ts';
import { type Fill, startFill } from './fill.ts';
import type { Departure } from './flights.ts';
import { freshnessOf, mayServeOnError, mayServeWhileRevalidating, mayShare } from './freshness.ts';
import { confirmed, headOf, ownFields, refreshed, speaksOf } from './head.ts';
import { anyAnswerKey, flightFor, flightKey, kinKey } from './kin.ts';
import type { Failure, Question } from './question.ts';
import type { Forwarding } from './served.ts';
import { policyFor, type Refusal, refusalToStore, refusesStore } from './storable.ts';
import type { Stored } from './store.ts';
import { wholeFill } from './whole-fill.ts';

/** How the request ended for the one who made it. `shared`: also for those who waited. */
export type Result =
  | { readonly as: 'fill'; readonly fill: Fill; readonly forwarding: Forwarding; readonly shared: boolean }
  | {
      readonly as: 'confirmed';
      readonly stored: Stored;
      readonly forwarding: Forwarding;
      readonly shared: boolean;
    }
  /** Not stored, since it is a file of this node's own already. */
  | {
      readonly as: 'in-place';
      readonly stored: Stored;
      readonly forwarding: Forwarding;
      readonly shared: boolean;
    }
  /** For this request alone; also an error of the parent that nothing stored can stand in for. */
  | {
      readonly as: 'answer';
      readonly answer: Answer;
      readonly forwarding: Forwarding;
      /** Of an answer without a body that others may have as well. */
      readonly head?: Head;
    }
  | ({ readonly as: 'failed' } & Failure);

export interface Asking {
  readonly background: boolean;
  readonly arrival: Arrival;
  readonly departure: Departure;
  /** Stops the parent's response. */
  readonly stopper: AbortController;
  /** A fill failed after its head had come. */
  readonly failed: (error: MeridianError) => void;
}

/** How long a key whose answers cannot be shared is not collapsed. */
const uncollapsibleMs = 60_000;
/** How long it is remembered which request fields tell a key's variants apart. */
const varyMs = 60 * 60_000;

/**
 * Statuses that stand for a failure of the parent, so that something stale may do instead (RFC 5861 §4), and that
 * many requests need not all find out for themselves: an upstream that limits rates least of all.
 */
const failures: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** Whether an answer says nothing about the resource, only about the parent. */
export function isFailure(status: number): boolean {
  return status >= 500 || status === 429;
}
/** Statuses by which a parent says that what it sent before is no more. */
const gone: ReadonlySet<number> = new Set([404, 410]);

export async function ask(
  question: Question,
  stored: Stored | null,
  engine: Engine,
  asking: Asking,
): Promise<Result> {
  if (engine.flights.size > engine.tuning.maxFills) {
    throw new MeridianError('overloaded', 'too many fills are under way', { retryAfterS: 1 });
  }
  const { exchange, resource, reload } = question;
  const { background, stopper } = asking;
  const askedMs = engine.clock.now();
  const answer = await question.parent({
    exchange,
    named: resource,
    stored: stored?.entry ?? null,
    // Nobody waits for it here, or at the tier that asks.
    background: background || exchange.tier?.background === true,
    reload,
    signal: stopper.signal,
  });
  const { status, headers } = answer;
  const receivedMs = engine.clock.now();
  const received = { question, engine, asking, answer, askedMs, receivedMs, way: wayOf(answer) };

  if (status === 304) {
    if (stored && speaksOf(stored.entry, headers)) return confirm(stored, received);
    discard(answer);
    if (!stored) throw new MeridianError('upstream-invalid', '304 to a request without conditions');
    return ask(question, null, engine, asking);
  }
  const known = failures.has(status) ? knownNow(question, stored, engine) : null;
  if (known !== null) {
    const error = failureIn(answer);
    if (mayServeOnError(known.freshness, receivedMs, error)) {
      discard(answer);
      return { as: 'failed', error, status };
    }
  }
  if (!isFailure(status)) engine.failing.forget(resource.key);
  if (question.bodiless) {
    const verdict = stored === null ? 'unknown' : bodilessVerdict(stored.entry, answer);
    if (stored && verdict === 'same') return confirm(stored, received);
    // What a client brought about by its own fields changes nothing for others.
    if (stored && verdict === 'changed' && !question.personal) engine.store.forget(stored.entry);
    return passBodiless(received);
  }

  const refusal = hidesBetter(stored, received) ? 'status' : refusalOf(received);
  return refusal === null ? fill(received) : pass(stored, received, refusal);
}

/** What something stale would be taken from: what was found, or what has taken its place since. */
function knownNow(
  { resource, exchange, inHand }: Question,
  stored: Stored | null,
  { store }: Engine,
): Entry | null {
  if (stored === null || inHand?.wanted !== false) return stored?.entry ?? null;
  return store.locate(resource.key, exchange.headers)?.entry ?? null;
}

interface Received {
  readonly question: Question;
  readonly engine: Engine;
  readonly asking: Asking;
  readonly answer: Answer;
  readonly askedMs: number;
  readonly receivedMs: number;
  readonly way: Forwarding;
}

function wayOf({ status, sentAs = status, headers }: Answer): Forwarding {
  return {
    status: sentAs,
    cacheStatus: headers.get('cache-status'),
    serverTiming: headers.get('server-timing'),
  };
}

function refusalOf({ question, engine, answer, receivedMs }: Received): Refusal | null {
  const { exchange, resource } = question;
  if (exchange.method !== 'GET') return 'method';
  if (refusesStore(exchange, resource)) return 'request';
  const refusal = refusalToStore(exchange, resource, answer, receivedMs);
  if (refusal !== null || fileInPlace(answer, engine) !== null) return refusal;
  return engine.store.hasPlaceFor(announcedBytes(answer)) ? null : 'too-large';
}

/** The file that a long answer is already: a copy of it on disk would be no nearer. A short one is better off in memory. */
function fileInPlace({ file }: Answer, { store }: Engine): Blob | null {
  return file !== undefined && file.size > store.memoryObjectBytes ? file : null;
}

/**
 * Whether a failure would take the place of something good that may still be used while it is confirmed. It is
 * stored by the route's word or its own, but not at that price.
 */
function hidesBetter(stored: Stored | null, { answer, receivedMs }: Received): boolean {
  if (stored === null || !isFailure(answer.status)) return false;
  return !isFailure(stored.entry.status) && mayServeWhileRevalidating(stored.entry.freshness, receivedMs);
}

/** The stored response holds: what the 304 says replaces what was known of it. */
function confirm(stored: Stored, { question, engine, asking, answer, ...received }: Received): Result {
  const { exchange, resource } = question;
  const { askedMs, receivedMs } = received;
  const { entry } = stored;
  const headers = refreshed(entry, answer.headers, receivedMs);
  const way = { ...received.way, own: ownFields(headers) };
  const freshness = freshnessOf(headers, askedMs, receivedMs, policyFor(resource, entry.status));
  const current = { ...stored, entry: confirmed(entry, headers, freshness) };
  engine.failing.forget(resource.key);

  const whole = { status: entry.status, headers };
  const refusal = refusesStore(exchange, resource)
    ? 'request'
    : refusalToStore(exchange, resource, whole, receivedMs);
  if (refusal === 'no-store' || refusal === 'private') engine.store.forget(entry);
  if (refusal !== null) return { as: 'confirmed', stored: current, forwarding: way, shared: false };
  asking.arrival.landed(current.entry);
  const kept = engine.store.confirm(stored, current.entry, asking.arrival);
  const shared = noteWhether(mayShare(freshness, receivedMs), question, engine);
  return { as: 'confirmed', stored: kept, forwarding: way, shared };
}

/** A new response that is stored while it streams. */
function fill({ question, engine, asking, answer, ...received }: Received): Result {
  const { resource, exchange } = question;
  const { askedMs, receivedMs, way } = received;
  const policy = policyFor(resource, answer.status);
  const freshness = freshnessOf(answer.headers, askedMs, receivedMs, policy);
  const head = amongVariants(headOf(resource, exchange.headers, answer, freshness), question, engine);
  if (head.selecting.length > 0) {
    const names = head.selecting.map(([name]) => name);
    engine.vary.note(resource.key, names, varyMs);
  }
  engine.equivalents.learn(resource, answer.headers.get('no-vary-search'));
  const shared = noteWhether(mayShare(freshness, receivedMs), question, engine);
  const body = fileInPlace(answer, engine);
  if (body !== null) {
    discard(answer);
    asking.arrival.landed(head);
    const entry: Entry = { ...head, asOf: asking.arrival.asOf, sizeBytes: body.size, sha256: '' };
    const forwarding = { ...way, detail: 'own-file', own: ownFields(answer.headers) };
    return { as: 'in-place', stored: { from: 'disk', entry, body }, forwarding, shared };
  }
  if (isBeingStored(question, engine)) {
    const forwarding = { ...way, detail: 'stored-by-another' };
    return { as: 'answer', answer: forOne(answer, question, asking), forwarding };
  }
  asking.arrival.landed(head);
  const started = begin(head, { question, engine, asking, answer });
  publish(started, shared, question, asking.departure, engine);
  const forwarding = { ...way, stored: true, own: ownFields(answer.headers) };
  return { as: 'fill', fill: started, forwarding, shared };
}

function begin(
  head: Head,
  { question, engine, asking, answer }: Pick<Received, 'question' | 'engine' | 'asking' | 'answer'>,
): Fill {
  const { store } = engine;
  const { arrival, departure, stopper, failed } = asking;
  const keepBytes = (bytes: Uint8Array<ArrayBuffer>) => store.keepBytes(head, bytes, arrival);
  const { body } = answer;
  const isWhole = body instanceof Uint8Array && body.length <= store.memoryObjectBytes;
  if (isWhole) return wholeFill({ head, bytes: body, keepBytes, failed });
  const source = streamOf(answer);
  const sha256 = sha256Checked(source);
  return startFill({
    head,
    announcedBytes: announcedBytes(answer),
    source,
    spool: {
      memoryBytes: store.memoryObjectBytes,
      maxBytes: store.objectLimitBytes,
      budget: engine.budget,
      openFile: () => store.openFile(sha256),
      fileFailed: store.fileFailed,
    },
    stop: () => stopper.abort(),
    isWorthFinishing: (bytes) => departure.awaited || isWorthFinishing(bytes, question, engine),
    keepBytes,
    keepFile: (file) => store.keepFile(head, file, arrival),
    failed,
    unkept: () => noteWhether(false, question, engine),
  });
}

/** Passes on the answer to a HEAD: also to those who wait for one, if they could have had the whole. */
function passBodiless({ question, engine, asking, answer, ...received }: Received): Result {
  const { exchange, resource } = question;
  const { askedMs, receivedMs, way } = received;
  const refusal = refusesStore(exchange, resource)
    ? 'request'
    : refusalToStore(exchange, resource, answer, receivedMs);
  const forwarding = { ...way, detail: refusal ?? 'method' };
  const own = { as: 'answer', answer: forOne(answer, question, asking), forwarding } as const;
  if (refusal !== null) return own;
  const freshness = freshnessOf(answer.headers, askedMs, receivedMs, policyFor(resource, answer.status));
  if (!mayShare(freshness, receivedMs) || ownFields(answer.headers)) return own;
  return { ...own, head: headOf(resource, exchange.headers, answer, freshness) };
}

/** An error seldom says by what the resource varies: it stands for the variant that was asked for, not for all. */
function amongVariants(head: Head, { resource, exchange }: Question, { vary }: Engine): Head {
  const names = vary.get(resource.key);
  if (head.status < 400 || head.selecting.length > 0 || names === undefined) return head;
  const { headers } = exchange;
  return { ...head, selecting: names.map((name) => [name, selectingValue(name, headers)]) };
}

/** Nobody wants it any more: it is not worth to begin again for little, nor for what many have asked for. */
function isWorthFinishing(bytes: number, { resource }: Question, { tuning, demand }: Engine): boolean {
  return bytes <= tuning.finishBytes || demand.lately(resource.key) >= tuning.finishRequests;
}

/** Now that its `Vary` is known, those who want this variant find it; if it is for all, all of them. */
function publish(
  fill: Fill,
  shared: boolean,
  question: Question,
  departure: Departure,
  engine: Engine,
): void {
  const all = shared && question.personal ? [question, { ...question, personal: false }] : [question];
  for (const each of all) {
    departure.list(flightKey(each, engine));
    departure.list(anyAnswerKey(each, engine));
  }
  departure.fills(fill);
}

/** Somebody else's answer to the same question is arriving: one copy on the way to the store is enough. */
function isBeingStored(question: Question, engine: Engine): boolean {
  const kin = question.personal ? [question, { ...question, personal: false }] : [question];
  return kin.some((each) => flightFor(each, engine)?.storing);
}

function noteWhether(shared: boolean, question: Question, { uncollapsible }: Engine): boolean {
  if (shared) uncollapsible.forget(kinKey(question));
  else uncollapsible.note(kinKey(question), true, uncollapsibleMs);
  return shared;
}

/** Passes the answer on to the one who asked, and to nobody else. */
function pass(
  stored: Stored | null,
  { question, engine, asking, answer, way }: Received,
  refusal: Refusal,
): Result {
  const { exchange } = question;
  const { status } = answer;
  // What a client brought about by its own fields changes nothing for others.
  if (exchange.method === 'GET' && refusal !== 'request' && !isFailure(status)) {
    engine.uncollapsible.note(kinKey(question), true, uncollapsibleMs);
    const replaces = status < 400 || gone.has(status);
    if (stored && replaces && !question.personal) engine.store.forget(stored.entry);
  }
  const forwarding = { ...way, detail: refusal };
  return { as: 'answer', answer: forOne(answer, question, asking), forwarding };
}

/** An answer for one client ends when that client leaves, also when it left before it could read any of it. */
function forOne(answer: Answer, { exchange }: Question, { stopper, background }: Asking): Answer {
  if (background) return answer;
  const { signal } = exchange.request;
  signal.addEventListener('abort', () => stopper.abort(), { once: true });
  if (signal.aborted) {
    stopper.abort();
    discard(answer);
  }
  return answer;
}
