/**
 * The one request to the parent that others may wait for: asks, and tells those who wait what came of it.
 */
import { asMeridianError, type MeridianError } from '../errors.ts';
import { announcedBytes } from './answer.ts';
import { ask, isFailure, type Result } from './ask.ts';
import type { Ended, Engine } from './engine.ts';
import { statusError } from './failing-answer.ts';
import type { Departure, Landing } from './flights.ts';
import { anyAnswerKey } from './kin.ts';
import type { Question } from './question.ts';
import type { Stored } from './store.ts';

export { discard } from './answer.ts';

/** How long a failing parent is left alone for a key that can be served stale. */
const failingMs = 5_000;
/** How long bytes that were wrong are not asked for again. */
const refusedMs = 5_000;

export interface Lead {
  /** Under which others may wait; `null` when nobody may. */
  readonly key: string | null;
  /** No client waits. */
  readonly background: boolean;
}

/** Never rejects. */
export async function lead(
  question: Question,
  stored: Stored | null,
  engine: Engine,
  how: Lead,
): Promise<Result> {
  const { resource } = question;
  const startedMs = engine.clock.elapsed();
  const arrival = engine.store.expect(resource);
  const departure = engine.flights.take(how.key, question, arrival);
  if (how.key !== null) departure.list(anyAnswerKey(question, engine));
  const stopper = new AbortController();
  // While nobody else can wait for the answer, it is worth nothing once the client has left.
  const gone = how.key === null && !how.background ? question.exchange.request.signal : null;
  const stop = () => stopper.abort();
  gone?.addEventListener('abort', stop, { once: true });
  try {
    const failed = (error: MeridianError) => noteFailure(question, engine, error);
    const result = await ask(question, stored, engine, {
      background: how.background,
      arrival,
      departure,
      stopper,
      failed,
    });
    if (result.as === 'failed') engine.failing.note(resource.key, result, failingMs);
    land(result, departure);
    tellEnd(question, engine, startedMs, result);
    return result;
  } catch (thrown) {
    const error = asMeridianError(thrown);
    departure.land({ as: 'failed', error });
    if (!stopper.signal.aborted) noteFailure(question, engine, error);
    tellEnd(question, engine, startedMs, { as: 'failed', error });
    return { as: 'failed', error };
  } finally {
    gone?.removeEventListener('abort', stop);
  }
}

/**
 * Those who wait are told of a response when the first of its bytes can be read. Until then it may still fail
 * without any of them having sent a part of it to his client: for them that is a request that failed, and may be
 * made again. Whoever asked has the head at once, and those for whom it is not ask for themselves at once.
 */
function land(result: Result, departure: Departure): void {
  if (result.as !== 'fill' || !result.shared) {
    departure.land(landingOf(result));
    return;
  }
  const { fill } = result;
  void fill.begun.then(() => {
    const { error } = fill;
    departure.land(error === null ? result : { as: 'failed', error });
  });
}

/** What the result means for those who waited for it. */
function landingOf(result: Result): Landing {
  switch (result.as) {
    case 'failed':
      return result;
    case 'fill':
    case 'confirmed':
    case 'in-place':
      return result.shared ? result : { as: 'unshared' };
    case 'answer': {
      const { answer, head, forwarding } = result;
      if (head) return { as: 'bodiless', answer, head, forwarding };
      const { status } = answer;
      if (!isFailure(status)) return { as: 'unshared' };
      return { as: 'failed', error: statusError(status), status };
    }
  }
}

/** How it ended, and when: once the body has come, where there is one to be stored. */
function tellEnd({ resource }: Question, { clock, ended }: Engine, startedMs: number, result: Result): void {
  const { key } = resource;
  const route = key.slice(0, key.indexOf(' '));
  const tell = (end: Ended['end'], bytes: number) =>
    ended({ route, end, durationMs: clock.elapsed() - startedMs, bytes });
  switch (result.as) {
    case 'fill': {
      const { fill } = result;
      void fill.over.then((entry) => tell(entry ? 'stored' : endOf(fill.error), fill.receivedBytes));
      break;
    }
    case 'confirmed':
      tell('confirmed', 0);
      break;
    case 'in-place':
      tell('unkept', result.stored.entry.sizeBytes);
      break;
    case 'answer':
      tell('unshared', announcedBytes(result.answer) ?? 0);
      break;
    case 'failed':
      tell(endOf(result.error), 0);
  }
}

function endOf(error: MeridianError | null): Ended['end'] {
  if (error === null) return 'unkept';
  return error.code === 'digest-mismatch' ? 'refused' : 'failed';
}

function noteFailure({ resource, exchange }: Question, engine: Engine, error: MeridianError): void {
  // Our own limit says nothing about the parent.
  if (error.code === 'overloaded') return;
  if (error.code === 'digest-mismatch') engine.refused.note(resource.key, error, refusedMs);
  else engine.failing.note(resource.key, { error }, failingMs);
  engine.warn('a fill failed', { key: resource.key, trace: exchange.trace?.traceId, error });
}
