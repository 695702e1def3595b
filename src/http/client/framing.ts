/**
 * Where an answer ends, by its head (RFC 9112 §6): refused where the fields leave that open, and marked where only the
 * end of the connection will tell.
 */
import { MeridianError } from '../../errors.ts';
import type { ResponseHead } from './head.ts';

/**
 * Set to `1` on an answer that has a body and neither a length nor chunks, so that it lasts until the connection is
 * closed. A connection that breaks can look like one that was closed: whoever keeps such a body needs another proof
 * that it is whole.
 */
export const unframedField = 'meridian-unframed';

/**
 * Between the nodes of a network: how long a body is that the runtime sends in chunks although its length is known.
 * Never sent to clients, never believed of remotes.
 */
export const lengthField = 'meridian-length';

export type Framing =
  | { readonly by: 'nothing' }
  | { readonly by: 'length'; readonly bytes: number }
  /** `bytes`: how many the chunks must hold together, when the sender has said so. */
  | { readonly by: 'chunks'; readonly bytes: number | null }
  | { readonly by: 'close' };

const nothing: Framing = { by: 'nothing' };

/**
 * Fails with `upstream-invalid`. Leaves one `Content-Length` where there were several that agree, and no
 * `Transfer-Encoding`, which has had its effect.
 *
 * @param fromTier whether another node of our network has sent this, so that its `Meridian-Length` counts.
 */
export function framingOf(
  { status, headers, old }: ResponseHead,
  method: string,
  fromTier: boolean,
): Framing {
  const coding = headers.get('transfer-encoding');
  const length = headers.get('content-length');
  const bytes = length === null ? null : lengthOf(headers, length);
  if (coding !== null) {
    // Whoever reads the length believes in another end than the one that is read here (RFC 9112 §11.1).
    if (length !== null) throw invalid('both a length and chunks');
    if (old || coding.toLowerCase() !== 'chunked') throw invalid('an unknown transfer coding');
    headers.delete('transfer-encoding');
  }
  const said = fromTier ? headers.get(lengthField) : null;
  if (said !== null) headers.delete(lengthField);
  if (method === 'HEAD' || status === 204 || status === 304) return nothing;
  if (coding !== null) return { by: 'chunks', bytes: said === null ? null : restored(headers, said) };
  if (bytes !== null) return { by: 'length', bytes };
  headers.set(unframedField, '1');
  return { by: 'close' };
}

/**
 * How long the body of an HTTP/2 answer is, if it has one and the sender has said (RFC 9113 §8.1.1). Like `framingOf`
 * in all else: there, the end of a stream is what the last chunk is here.
 */
export function streamFraming(head: ResponseHead, method: string, fromTier: boolean): Framing {
  const { headers } = head;
  const length = headers.get('content-length');
  const said = fromTier ? headers.get(lengthField) : null;
  // The runtime's server announces lengths here that it does not with chunks.
  if (said !== null && length === said) headers.delete('content-length');
  if (headers.has('content-length')) {
    const framing = framingOf(head, method, fromTier);
    return framing.by === 'length' ? { by: 'chunks', bytes: framing.bytes } : framing;
  }
  headers.set('transfer-encoding', 'chunked');
  return framingOf(head, method, fromTier);
}

function restored(headers: Headers, said: string): number {
  headers.set('content-length', said);
  return lengthOf(headers, said);
}

/** One number, or the same one several times (RFC 9110 §8.6). */
function lengthOf(headers: Headers, value: string): number {
  const [first = '', ...others] = value.split(',').map((each) => each.trim());
  if (!/^\d{1,15}$/.test(first)) throw invalid('a length that is no number');
  if (others.some((other) => other !== first)) throw invalid('two lengths');
  if (others.length > 0) headers.set('content-length', first);
  return Number(first);
}

function invalid(what: string): MeridianError {
  return new MeridianError('upstream-invalid', `the upstream's answer is framed by ${what}`);
}
