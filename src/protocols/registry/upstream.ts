/**
 * Asking an upstream: redirects are followed without giving credentials away, bodies are collected up to a bound, and errors become what a
 * client of the network should hear.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { askHost } from '../ask-host.ts';
import { chunksOf, discard } from '../bodies.ts';
import { elsewhere } from '../elsewhere.ts';
import { absentFreshS, errorAnswer, ownAnswer } from './answers.ts';
import type { Pulling, RegistryOrigin } from './origin.ts';
import type { Source } from './sources.ts';

const maxRedirects = 5;
const redirects = new Set([301, 302, 303, 307, 308]);
/** As much of an error's body as is read for its message. */
const messageBytes = 2 * 1024;

export interface Question {
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Headers;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Redirects are answers, too. */
  readonly isOneHop?: boolean;
}

export interface Reply extends Answer {
  /** What has answered, in the end: what relative addresses in it begin with. */
  readonly url: string;
}

/**
 * @param address absolute, or a path below the source with its leading slash.
 * @throws `upstream-invalid` for redirects that lead nowhere, and what `OriginDoor.fetch` throws, with the name of the source.
 */
export async function askUpstream(
  source: Source,
  address: string,
  { method = 'GET', headers = new Headers(), body, isOneHop = false }: Question,
  { ask, door }: Pulling,
): Promise<Reply> {
  let url = new URL(address.startsWith('/') ? source.url + address : address);
  for (let hop = 0; hop <= maxRedirects; hop++) {
    // Fields of its own for each hop: what the door adds for one place, credentials above all, is not for the next.
    const fields = new Headers(headers);
    if (!fields.has('accept-encoding')) fields.set('accept-encoding', 'identity');
    const request = { method, headers: fields, signal: ask.signal, ...(body !== undefined && { body }) };
    const authorization = isOwn(url, source) ? source.remote.authorization : undefined;
    const answer = await askHost(source, url, authorization, request, door);
    if (isOneHop || !redirects.has(answer.status)) return { ...answer, url: url.href };
    await discard(answer);
    if (method === 'POST') throw new MeridianError('upstream-invalid', `${source.name} redirects a POST.`);
    url = await elsewhere(source, url, answer.headers.get('location') ?? '//');
  }
  throw new MeridianError('upstream-invalid', `${source.name} redirects more than ${maxRedirects} times.`);
}

/** Credentials go to the source's own scheme, host and port, and below its own path. */
function isOwn(url: URL, source: Source): boolean {
  const own = new URL(source.url);
  const path = own.pathname.endsWith('/') ? own.pathname : `${own.pathname}/`;
  return url.origin === own.origin && url.username === '' && `${url.pathname}/`.startsWith(path);
}

export interface Whole {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly url: string;
}

/**
 * A whole document. Anything but 200 comes without its body.
 * @throws `upstream-invalid` beyond `maxBytes`, `upstream-truncated`, `overloaded`.
 */
export async function fetchWhole(
  source: Source,
  address: string,
  { headers, accept, maxBytes }: { headers?: Headers; accept?: string; maxBytes?: number },
  at: Pulling,
): Promise<Whole> {
  const asked = new Headers(headers);
  if (accept !== undefined) asked.set('accept', accept);
  const answer = await askUpstream(source, address, { headers: asked }, at);
  const { status, url } = answer;
  if (status !== 200) {
    await discard(answer);
    return { status, headers: answer.headers, bytes: new Uint8Array(), url };
  }
  const most = maxBytes ?? at.registry.maxIndexBytes;
  return { status, headers: answer.headers, bytes: await collected(answer, most, source, at.registry), url };
}

async function collected(
  answer: Answer,
  maxBytes: number,
  { name }: Source,
  { budget }: RegistryOrigin,
): Promise<Uint8Array> {
  const announced = Number(answer.headers.get('content-length') ?? Number.NaN);
  const chunks: Uint8Array[] = [];
  const share = budget.share();
  let size = 0;
  try {
    for await (const chunk of chunksOf(plain(answer, name))) {
      size += chunk.byteLength;
      if (Math.max(size, announced || 0) > maxBytes)
        throw new MeridianError(
          'upstream-invalid',
          `A document of ${name} exceeds ${maxBytes} bytes (\`maxIndexBytes\`).`,
        );
      share.take(chunk.byteLength);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof MeridianError) throw cause;
    throw brokenOff(name, cause);
  } finally {
    share.release();
  }
  if (size < announced && !answer.headers.has('content-encoding'))
    throw new MeridianError('upstream-truncated', `${name}: ${size} of ${announced} bytes arrived.`);
  return Buffer.concat(chunks, size);
}

/** Some servers code what they are asked for plainly: a bucket, what was stored so. */
function plain({ headers, body }: Answer, name: string): Answer['body'] {
  const coding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (coding === 'identity' || coding === '' || body === null) return body;
  if (coding !== 'gzip' && coding !== 'x-gzip')
    throw new MeridianError('upstream-invalid', `${name} sends a document with the coding ${coding}.`);
  const stream = body instanceof Uint8Array ? new Blob([new Uint8Array(body)]).stream() : body;
  // The types of the platform know the parts of one another no better than this.
  return stream.pipeThrough(
    new DecompressionStream('gzip') as unknown as ReadableWritablePair<Uint8Array, Uint8Array>,
  );
}

function brokenOff(name: string, cause: unknown): MeridianError {
  return new MeridianError('upstream-truncated', `${name}: the answer broke off.`, { cause });
}

/** For whoever asked, and for nobody else. */
export async function passThrough(
  source: Source,
  address: string,
  at: Pulling,
  question: Omit<Question, 'isOneHop'> = {},
): Promise<Answer> {
  const answer = await askUpstream(source, address, question, at);
  if (answer.status !== 200) return passError(answer, at.ask.exchange.path, at.registry);
  const headers = new Headers({ 'cache-control': 'no-store' });
  for (const name of ['content-type', 'content-length', 'meridian-unframed']) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return { status: 200, headers, body: answer.body };
}

/**
 * An upstream's refusal as an answer to a client: the same status, with the upstream's reason where that is meant for the reader. Its 401 is
 * not passed on: the client would be asked to log in here, while it is the network's credentials that are missing or wrong.
 */
export async function passError(
  answer: Answer,
  subject: string,
  { ecosystem }: Pick<RegistryOrigin, 'ecosystem'>,
): Promise<Answer> {
  const { status, headers } = answer;
  if (status === 404 || status === 410 || status === 451) {
    await discard(answer);
    return errorAnswer(ecosystem, status, `There is no ${subject}.`, absentFreshS);
  }
  if (status === 429 || status >= 500) {
    await discard(answer);
    const failed = errorAnswer(
      ecosystem,
      Math.min(status, 599),
      `The upstream answers ${status} for ${subject}.`,
    );
    const retryAfter = headers.get('retry-after');
    if (retryAfter !== null) failed.headers.set('retry-after', retryAfter);
    return failed;
  }
  if (status === 400 || status === 402 || status === 403) {
    const reason = await reasonOf(answer);
    const message = reason ?? `The upstream refuses ${subject} (${status}).`;
    const { type, body } = ecosystem.error?.(status, message) ?? {
      type: 'text/plain; charset=utf-8',
      body: message,
    };
    return ownAnswer(status, type, body);
  }
  await discard(answer);
  throw new MeridianError(
    'upstream-invalid',
    status === 401 || status === 407
      ? `The upstream refuses this network's credentials (${status}): check the upstream's \`authorization\`.`
      : `The upstream answers ${status} for ${subject}.`,
  );
}

/** Why it refuses, where it says so in one line of text. */
async function reasonOf(answer: Answer): Promise<string | null> {
  const isText = (answer.headers.get('content-type') ?? '').startsWith('text/plain');
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of chunksOf(isText ? answer.body : null)) {
      size += chunk.byteLength;
      if (size > messageBytes) return null;
      chunks.push(chunk);
    }
  } catch {
    return null; // The status is known; a reason that broke off is no reason.
  }
  if (!isText) await discard(answer);
  const text = Buffer.concat(chunks).toString('utf8').trim();
  return text === '' || /[^\P{Cc}]/u.test(text) ? null : text;
}
