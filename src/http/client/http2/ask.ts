/** A request over HTTP/2. */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import type { Call } from '../call.ts';
import type { Destination } from '../place.ts';
import type { ClientRequest } from '../request.ts';
import { fieldsFit } from './fields.ts';
import { sessionsFor } from './sessions.ts';
import { StreamConversation, Unprocessed } from './stream.ts';

/** How often a request is sent that servers say they have done nothing for. */
const maxTries = 3;

/** What has a body, or very many fields, goes over HTTP/1.1; and so does what goes through an HTTP proxy. */
export function mayUseHttp2(request: ClientRequest, to: Destination): boolean {
  if (request.http2 !== true || request.body) return false;
  const { tunnel, targetPrefix } = to.place;
  return tunnel === null && targetPrefix === '' && fieldsFit(request, to);
}

/** `null` when the server has not agreed on HTTP/2: nothing has been sent. Fails as `request` does. */
export async function askOverHttp2(
  to: Destination,
  call: Call,
  request: ClientRequest,
): Promise<Answer | null> {
  const sessions = sessionsFor(to.place, request.lane);
  for (let tries = 0; tries < maxTries; tries++) {
    const session = await sessions.take(call, request.bounds);
    if (session === null) return null;
    call.connected();
    const over = () => sessions.release(session);
    const answer = await new StreamConversation(session, call, request, over).begin(to).catch(unprocessed);
    if (answer !== null) return answer;
    call.late.wait(request.timeouts.connectMs ?? request.timeouts.firstByteMs);
  }
  throw new MeridianError('upstream-unreachable', 'the upstream refuses requests');
}

function unprocessed(thrown: unknown): null {
  if (thrown instanceof Unprocessed) return null;
  throw thrown;
}
