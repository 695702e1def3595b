/**
 * Requests to other servers: parents and upstreams. Around Bun's fetch, which pools connections and keeps
 * back-pressure; this adds time-outs that know whose turn it is, errors from our own table, and answers whose
 * framing can be trusted.
 *
 * Nothing is decoded and no redirect followed: what the upstream has sent is what the caller gets. Interim
 * responses (1xx) are dropped by fetch.
 *
 * On a connection that had been idle and turns out to be closed, fetch sends the request once more on a new one, if
 * its method is idempotent and its body is not a stream (RFC 9110 §9.2.2); a POST fails instead.
 */
import type { Clock } from '../clock.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import { failureOf, type Stage } from './client/failure.ts';
import { checkFraming } from './client/framing.ts';
import { answers } from './client/reach.ts';
import { download, upload } from './client/stream.ts';
import { type Watchdog, watchdog } from './watchdog.ts';

export { unframedField } from './client/framing.ts';

/** Milliseconds. */
export interface ClientTimeouts {
  /** Until it is certain that there is anybody at the other end. Not with `unix`, or through an HTTP proxy. */
  readonly connectMs?: number | undefined;
  /** From the last byte of the request to the head of the answer. */
  readonly firstByteMs: number;
  /** Until the next byte of the body, while it is asked for. */
  readonly betweenBytesMs: number;
}

export interface ClientRequest {
  readonly method: string;
  /** Stays as it is. `User-Agent` and `Accept-Encoding: identity` are sent where it has none. */
  readonly headers: Headers;
  readonly body?: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null | undefined;
  /** Ends the request, and the reading of the answer's body, with its reason. */
  readonly signal: AbortSignal;
  readonly timeouts: ClientTimeouts;
  readonly clock: Clock;
  /** Path of a socket to connect to, whatever the host of the URL. */
  readonly unix?: string | undefined;
  /** Never through the HTTP proxy that the environment names: between the nodes of a network there is none. */
  readonly direct?: boolean | undefined;
}

/**
 * Resolves with any answer that is HTTP, whatever its status. The body is read as it is asked for, must be read or
 * cancelled, and is `null` for HEAD, 204 and 304.
 *
 * Fails with `upstream-unreachable`, `upstream-timeout`, `upstream-invalid`, the reason of the abort, or what the
 * request's body has failed with; the answer's body may also fail with `upstream-truncated`.
 */
export async function request(url: string, options: ClientRequest): Promise<Answer> {
  const { method, signal, timeouts } = options;
  signal.throwIfAborted();
  const call = openCall(url, options);
  try {
    call.late.wait(timeouts.firstByteMs);
    const response = await fetch(url, {
      method,
      headers: completed(options.headers),
      signal: call.signal,
      body: bodyOf(options, call),
      decompress: false,
      redirect: 'manual',
      // Bun's own, of five minutes, would also count the time in which nobody reads.
      timeout: false,
      ...(options.unix !== undefined && { unix: options.unix }),
      ...(options.direct === true && { proxy: false }),
    });
    call.answered();
    return answerOf(response, timeouts.betweenBytesMs, call);
  } catch (thrown) {
    call.ended();
    throw call.failure(thrown, 'head');
  }
}

/** The fields that every request has; without a word from us, Bun would name itself. */
function completed(given: Headers): Headers {
  const headers = new Headers(given);
  if (!headers.has('user-agent')) headers.set('user-agent', 'meridian');
  if (!headers.has('accept-encoding')) headers.set('accept-encoding', 'identity');
  return headers;
}

function bodyOf({ body, timeouts }: ClientRequest, { late }: Call) {
  return body instanceof ReadableStream ? upload(body, timeouts.firstByteMs, late) : (body ?? null);
}

function answerOf({ status, headers, body }: Response, betweenBytesMs: number, call: Call): Answer {
  try {
    checkFraming(headers, body !== null);
  } catch (error) {
    void body?.cancel();
    throw error;
  }
  if (body !== null) return { status, headers, body: download(body, betweenBytesMs, call) };
  call.ended();
  return { status, headers, body };
}

/** A request under way, and everything that may end it early. */
interface Call {
  readonly signal: AbortSignal;
  readonly late: Watchdog;
  answered(): void;
  ended(): void;
  failure(thrown: unknown, stage: Stage): unknown;
}

/** Before so much of `connectMs` has passed, nobody wonders whether the upstream is there at all. */
const unsuspicious = 1 / 4;

function openCall(url: string, { signal, timeouts, clock, unix }: ClientRequest): Call {
  const { connectMs } = timeouts;
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const giveUp = (detail: string) => controller.abort(new MeridianError('upstream-timeout', detail));
  const late = watchdog(clock, () => giveUp('the upstream did not answer in time'));

  let waiting = true;
  let cancelLook = () => {};
  if (connectMs !== undefined && unix === undefined) {
    const afterMs = connectMs * unsuspicious;
    cancelLook = clock.after(afterMs, () => void giveUpUnlessReachable(connectMs - afterMs));
  }

  async function giveUpUnlessReachable(withinMs: number): Promise<void> {
    const reachable = await answers(url, withinMs, clock);
    if (waiting && !reachable) giveUp('the upstream accepts no connection');
  }

  function answered(): void {
    waiting = false;
    late.rest();
    cancelLook();
  }

  function ended(): void {
    answered();
    late.stop();
    signal.removeEventListener('abort', abort);
  }

  /** An abort's own reason is what the caller is waiting for. */
  function failure(thrown: unknown, stage: Stage): unknown {
    return signal.aborted ? thrown : failureOf(thrown, stage);
  }

  return { signal: controller.signal, late, answered, ended, failure };
}
