/**
 * The one request to the parent that others may wait for: asks, and decides what the answer means for the
 * store, for those who wait, and for whoever asked.
 */
import type { Answer } from '../entry.ts';
import { asMeridianError, MeridianError } from '../errors.ts';
import { normaliseSelecting } from '../http/vary.ts';
import type { FieldList } from '../resource.ts';
import type { Engine, Question } from './engine.ts';
import { type Fill, startFill } from './fill.ts';
import type { Landing } from './flights.ts';
import { freshnessOf, mayServeOnError, remainingS } from './freshness.ts';
import { headOf } from './head.ts';
import type { Forwarding } from './served.ts';
import { spool } from './spool.ts';
import { policyFor, refusalToStore } from './storable.ts';
import type { Stored } from './store.ts';

/** How the request ended for the one who made it. */
export type Result =
  | { readonly as: 'fill'; readonly fill: Fill; readonly forwarding: Forwarding }
  | { readonly as: 'confirmed'; readonly stored: Stored; readonly forwarding: Forwarding }
  /** For this request alone; also an error of the parent that nothing stored can stand in for. */
  | { readonly as: 'answer'; readonly answer: Answer; readonly forwarding: Forwarding }
  | { readonly as: 'failed'; readonly error: MeridianError; readonly status?: number };

/** How long a failing parent is left alone for a key that can be served stale. */
const failingMs = 5_000;
/** How long bytes that were wrong are not asked for again. */
const refusedMs = 5_000;
/** How long a key whose answers cannot be shared is not collapsed. */
const uncollapsibleMs = 60_000;

/** Statuses that stand for a failure of the parent, so that something stale may do instead (RFC 5861 §4). */
const failures: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/**
 * @param how.key under which others may wait; `null` when nobody may.
 * @param how.background when no client waits.
 */
export async function lead(
  question: Question,
  stored: Stored | null,
  engine: Engine,
  how: { key: string | null; background: boolean },
): Promise<Result> {
  const flight = how.key === null ? null : engine.flights.take(how.key);
  const land = (landing: Landing, until?: Promise<unknown>) => flight?.land(landing, until);
  try {
    const result = await ask(question, stored, engine, how.background);
    if (result.as === 'fill') {
      if (isShareable(result.fill, engine)) land(result, result.fill.over);
      else land({ as: 'unshared' });
    } else if (result.as === 'answer') {
      const status = result.answer.status;
      const error = new MeridianError('upstream-invalid', `the parent answered ${status}`);
      land(status >= 500 ? { as: 'failed', error, status } : { as: 'unshared' });
    } else {
      land(result);
    }
    return result;
  } catch (thrown) {
    const error = asMeridianError(thrown);
    noteFailure(question, engine, error);
    land({ as: 'failed', error });
    return { as: 'failed', error };
  }
}

async function ask(
  { resource, exchange, parent, reload }: Question,
  stored: Stored | null,
  engine: Engine,
  background: boolean,
): Promise<Result> {
  if (engine.flights.size > engine.maxFills) {
    throw new MeridianError('overloaded', 'too many fills are under way', { retryAfterS: 1 });
  }
  const stopper = new AbortController();
  const askedMs = engine.clock.now();
  const answer = await parent({
    exchange,
    named: resource,
    stored: stored?.entry ?? null,
    background,
    reload,
    signal: stopper.signal,
  });
  const receivedMs = engine.clock.now();
  const { status, headers } = answer;
  const freshness = freshnessOf(headers, askedMs, receivedMs, policyFor(resource, status));
  const way = {
    status,
    cacheStatus: headers.get('cache-status'),
    serverTiming: headers.get('server-timing'),
  };

  if (status === 304 && stored) {
    engine.failing.forget(resource.key);
    return { as: 'confirmed', stored: engine.store.confirm(stored, answer, freshness), forwarding: way };
  }
  if (failures.has(status) && stored && mayServeOnError(stored.entry.freshness, receivedMs)) {
    discard(answer);
    const error = new MeridianError('upstream-invalid', `the parent answered ${status}`);
    engine.failing.note(resource.key, { error, status }, failingMs);
    return { as: 'failed', error, status };
  }
  engine.failing.forget(resource.key);

  const announced = announcedBytes(answer);
  const refusal = refusalToStore(exchange, resource, answer, receivedMs);
  if (refusal !== null || !engine.store.hasPlaceFor(announced)) {
    const shared = exchange.method === 'GET' && status < 500;
    if (shared) {
      engine.uncollapsible.note(resource.key, true, uncollapsibleMs);
      if (stored) engine.store.drop(resource.key);
    }
    return { as: 'answer', answer, forwarding: { ...way, detail: refusal ?? 'too-large' } };
  }
  engine.uncollapsible.forget(resource.key);
  const head = headOf(resource, exchange.headers, answer, freshness);
  if (head.selecting.length > 0) engine.vary.note(resource.key, names(head.selecting), uncollapsibleMs);
  const fill = startFill({
    head,
    announcedBytes: announced,
    source: streamOf(answer),
    spool: spool({
      memoryBytes: engine.memoryObjectBytes,
      budget: engine.budget,
      openFile: engine.store.openFile,
      fileFailed: engine.store.fileFailed,
    }),
    stop: () => stopper.abort(),
    keepBytes: (bytes) => engine.store.keepBytes(head, bytes),
    keepFile: (file) => engine.store.keepFile(head, file),
    failed: (error) => noteFailure({ resource }, engine, error),
  });
  return { as: 'fill', fill, forwarding: { ...way, stored: true } };
}

function noteFailure({ resource }: Pick<Question, 'resource'>, engine: Engine, error: MeridianError): void {
  if (error.code === 'digest-mismatch') engine.refused.note(resource.key, error, refusedMs);
  else engine.failing.note(resource.key, { error }, failingMs);
  engine.warn('a fill failed', { key: resource.key, error });
}

/** Whether requests that came before the answer may have it too: only if it is fresh by its own account. */
function isShareable({ head }: Fill, engine: Engine): boolean {
  return remainingS(head.freshness, engine.clock.now()) > 0 && !head.freshness.alwaysRevalidate;
}

function announcedBytes({ headers, body }: Answer): number | null {
  if (body instanceof Uint8Array) return body.length;
  const value = headers.get('content-length');
  return value !== null && /^\d+$/.test(value) ? Number(value) : null;
}

function streamOf({ body }: Answer): ReadableStream<Uint8Array> {
  if (body instanceof ReadableStream) return body;
  return new ReadableStream({
    start(controller) {
      if (body) controller.enqueue(body);
      controller.close();
    },
  });
}

export function discard({ body }: Answer): void {
  if (body instanceof ReadableStream) {
    // Whether the parent minds that nobody wants the rest does not matter any more.
    body.cancel().catch(() => undefined);
  }
}

function names(selecting: FieldList): readonly string[] {
  return selecting.map(([name]) => name);
}

/** The key under which a request waits for others: requests that select different variants do not wait together. */
export function flightKey({ resource, exchange }: Question, engine: Engine): string {
  const vary = resource.ask === 'client' ? engine.vary.get(resource.key) : undefined;
  if (!vary) return resource.key;
  const selecting = vary.map((name) => normaliseSelecting(name, exchange.headers.get(name)));
  return `${resource.key}\n${selecting.join('\n')}`;
}
