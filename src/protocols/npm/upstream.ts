/**
 * Asking an upstream registry: redirects followed without giving credentials away, bodies collected up
 * to a bound, and errors turned into what a client of the network should see.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import type { Remote } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import { chunksOf, discard } from '../bodies.ts';
import type { Share } from '../budget.ts';
import { errorAnswer } from './canonical.ts';
import { mediaTypes } from './form.ts';
import type { Remotes } from './remotes.ts';

const MAX_REDIRECTS = 3;
/** As much of an error's body as is read for its message. */
const MESSAGE_BYTES = 8 * 1024;

const redirects = new Set([301, 302, 303, 307, 308]);

/** GET, following redirects. Whatever else the upstream answers is returned as it is. */
export async function get(
  origin: OriginDoor,
  remotes: Remotes,
  remote: Remote,
  address: string,
  headers: Headers,
  signal: AbortSignal,
  method: 'GET' | 'HEAD' = 'GET',
): Promise<Answer> {
  let url = new URL(address);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    // Fields of its own for each hop: what the door adds for one place, credentials above all, is not for the next.
    const request = { method, headers: new Headers(headers), signal };
    const answer = await origin.fetch(remotes.at(url, remote), url.href, request);
    if (!redirects.has(answer.status)) return answer;
    await discard(answer);
    url = redirectTarget(url, answer.headers.get('location'));
  }
  throw new MeridianError('upstream-invalid', `The upstream redirects more than ${MAX_REDIRECTS} times.`);
}

function redirectTarget(from: URL, location: string | null): URL {
  const to = location === null ? null : URL.parse(location, from.href);
  if (to?.protocol === 'https:' || (to?.protocol === 'http:' && from.protocol === 'http:')) return to;
  throw new MeridianError(
    'upstream-invalid',
    'The upstream redirects to nowhere, or from https to something else.',
  );
}

/**
 * A whole body as buffers that can be transferred to a worker. Fails with `upstream-invalid` beyond
 * `maxBytes`, and with `upstream-truncated` where fewer bytes came than were announced.
 */
export async function collect(answer: Answer, maxBytes: number, share: Share): Promise<ArrayBuffer[]> {
  const announced = Number(answer.headers.get('content-length') ?? Number.NaN);
  const chunks: ArrayBuffer[] = [];
  let size = 0;
  try {
    for await (const chunk of chunksOf(answer.body)) {
      size += chunk.byteLength;
      if (Math.max(size, announced || 0) > maxBytes) {
        const detail = `The document exceeds ${maxBytes} bytes (\`maxPackumentBytes\`).`;
        throw new MeridianError('upstream-invalid', detail);
      }
      share.take(chunk.byteLength);
      chunks.push(ownBuffer(chunk));
    }
  } catch (cause) {
    if (cause instanceof MeridianError) throw cause;
    throw truncated('The answer broke off.', cause);
  }
  if (size < announced && !answer.headers.has('content-encoding')) {
    throw truncated(`${size} of ${announced} bytes arrived.`);
  }
  return chunks;
}

function truncated(detail: string, cause?: unknown): MeridianError {
  return new MeridianError('upstream-truncated', detail, { cause });
}

function ownBuffer(chunk: Uint8Array): ArrayBuffer {
  const { buffer } = chunk;
  const whole = buffer instanceof ArrayBuffer && buffer.byteLength === chunk.byteLength;
  return whole ? buffer : chunk.slice().buffer;
}

/**
 * An upstream's refusal as an answer to a client: the same status, with the upstream's reason where that
 * is meant for the reader. Its 401 is not passed on: the client would be asked to log in here, while it is
 * the network's credentials that are missing or wrong.
 */
export async function passError(answer: Answer, subject: string): Promise<Answer> {
  const { status, headers } = answer;
  if (status === 429 || status >= 500) {
    await discard(answer);
    return errorAnswer(status, `The upstream registry answered ${status}.`, headers.get('retry-after'));
  }
  if (status === 404) {
    await discard(answer);
    return errorAnswer(404, `Not found: ${subject}`);
  }
  if (status >= 400 && status !== 401 && status !== 407) {
    const reason = await reasonOf(answer);
    return errorAnswer(status, reason ?? `The upstream registry refuses ${subject} (${status}).`);
  }
  await discard(answer);
  throw new MeridianError('upstream-invalid', describe(status));
}

function describe(status: number): string {
  return status === 401 || status === 407
    ? `The upstream registry refuses this network's credentials (${status}): check the remote's \`authorization\`.`
    : `The upstream registry answered with the unexpected status ${status}.`;
}

/** Why a registry refuses: a policy, a licence, a payment. */
async function reasonOf(answer: Answer): Promise<string | null> {
  const text = await readStart(answer);
  const body: unknown = text === null ? null : parseJson(text);
  if (typeof body !== 'object' || body === null) return null;
  const reason = 'error' in body ? body.error : 'message' in body ? body.message : null;
  return typeof reason === 'string' ? reason : null;
}

async function readStart(answer: Answer): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of chunksOf(answer.body)) {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size > MESSAGE_BYTES) return null;
    }
  } catch {
    return null; // The status is known; a reason that broke off is no reason.
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // An error page for people.
  }
}

export function acceptingJson(): Headers {
  return new Headers({ accept: mediaTypes.full, 'accept-encoding': 'identity' });
}
