/**
 * Requests to other servers: parents and upstreams. A client for HTTP/1.1 and HTTP/2 that does what the standard says and no more:
 * nothing is added to a request but its framing and `Host`, nothing is decoded, no redirect followed, and what cannot
 * be understood in one way only is refused.
 *
 * A request is sent once. Where the connection that had been kept is found closed before the request is written, it
 * goes over another; after that, whether it was processed cannot be known, and the caller is told (RFC 9110 §9.2.2,
 * RFC 9112 §9.3.1).
 */
import type { Answer } from '../entry.ts';
import { Call } from './client/call.ts';
import type { Connection } from './client/connection.ts';
import { Conversation } from './client/conversation.ts';
import { failureOf } from './client/failure.ts';
import { askOverHttp2, mayUseHttp2 } from './client/http2/ask.ts';
import { type Destination, destination } from './client/place.ts';
import { poolFor } from './client/pool.ts';
import type { ClientRequest } from './client/request.ts';
import { isEnvelope, openEnvelope } from './envelope.ts';

export { lengthField, unframedField } from './client/framing.ts';

export { laneSessions } from './client/http2/sessions.ts';
export type { Lane } from './client/pool.ts';
export type { ClientRequest, ClientTimeouts } from './client/request.ts';

/**
 * Resolves with any answer that is HTTP, whatever its status. Its body is `null` for HEAD, 204 and 304; bytes, when all
 * of it has come with the head, as that of a small object mostly does; else a stream, which is read as it is asked for,
 * and must be read or cancelled.
 *
 * Fails with `upstream-unreachable`, `upstream-timeout`, `upstream-invalid`, `overloaded` (too many requests to that
 * server), the reason of the abort, or what the request's body has failed with; the answer's body may also fail with
 * `upstream-truncated`.
 */
export async function request(url: string, options: ClientRequest): Promise<Answer> {
  const { signal, leash, timeouts, clock } = options;
  signal.throwIfAborted();
  const to = destination(url, options);
  const call = new Call(signal, clock, leash);
  try {
    call.late.wait(timeouts.connectMs ?? timeouts.firstByteMs);
    const answer =
      (mayUseHttp2(options, to) && (await askOverHttp2(to, call, options))) || (await ask(to, call, options));
    const wrapped = options.direct === true && isEnvelope(answer);
    return wrapped ? await openEnvelope(answer, options.inform) : answer;
  } catch (thrown) {
    call.ended();
    throw signal.aborted || leash?.pulled ? thrown : failureOf(thrown, 'head');
  }
}

async function ask(to: Destination, call: Call, options: ClientRequest): Promise<Answer> {
  const { clock, bounds } = options;
  const pool = poolFor(to.place, options.lane);
  const connection = await pool.take(call, bounds);
  call.connected();
  const over = (used: Connection, reusable: boolean) =>
    reusable ? pool.free(used, clock, options.direct) : used.destroy();
  return new Conversation(connection, call, options, over).begin(to);
}
