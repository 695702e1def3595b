/**
 * Asking an upstream: redirects are followed without giving credentials away, bodies are collected up to a bound, and errors become what a
 * client of the network should hear.
 */
import { promisify } from 'node:util';
import { gunzip, inflate, type ZlibOptions } from 'node:zlib';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { askHost } from '../ask-host.ts';
import { chunksOf, discard } from '../bodies.ts';
import type { Share } from '../budget.ts';
import { elsewhere } from '../elsewhere.ts';
import { absentFreshS, absentStatuses, errorAnswer, ownAnswer } from './answers.ts';
import type { Pulling, RegistryOrigin } from './ecosystem.ts';
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
  let url = await beginning(source, address);
  const begunAt = url.origin;
  for (let hop = 0; hop <= maxRedirects; hop++) {
    // Fields of its own for each hop: what the door adds for one place, credentials above all, is not for the next.
    const fields = new Headers(headers);
    if (!fields.has('accept-encoding')) fields.set('accept-encoding', 'identity');
    // Whoever asks with a credential of his own asks as himself, and nowhere else than there.
    const isPersonal = headers.has('authorization');
    if (isPersonal && url.origin !== begunAt) fields.delete('authorization');
    const request = { method, headers: fields, signal: ask.signal, ...(body !== undefined && { body }) };
    const authorization = isOwn(url, source) && !isPersonal ? source.remote.authorization : undefined;
    const answer = await askHost(source, url, authorization, request, door);
    if (isOneHop || !redirects.has(answer.status)) return { ...answer, url: url.href };
    await discard(answer);
    if (method === 'POST') throw new MeridianError('upstream-invalid', `${source.name} redirects a POST.`);
    url = await elsewhere(source.toldBy ?? source, url, answer.headers.get('location') ?? '//');
  }
  throw new MeridianError('upstream-invalid', `${source.name} redirects more than ${maxRedirects} times.`);
}

/**
 * An address of the source's own, or one of its words, which is followed as a redirect is. Registries behind a proxy that ends TLS often
 * write `http:` of themselves: where they are spoken to over TLS, so is that.
 */
async function beginning(source: Source, address: string): Promise<URL> {
  const isBelow = address.startsWith('/');
  if (isBelow && source.toldBy === undefined) return new URL(source.url + address);
  const known = source.toldBy ?? source;
  const own = new URL(known.url);
  const url = URL.parse(isBelow ? source.url + address : address);
  if (url === null) return elsewhere(known, own, '//');
  if (
    own.protocol === 'https:' &&
    url.protocol === 'http:' &&
    url.hostname === own.hostname &&
    url.port === ''
  ) {
    url.protocol = 'https:';
    url.port = own.port;
  }
  return url.origin === own.origin && url.username === '' && url.password === ''
    ? url
    : elsewhere(known, own, url.href);
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

export interface WholeWanted {
  readonly headers?: Headers | undefined;
  readonly accept?: string | undefined;
  readonly maxBytes?: number | undefined;
}

/**
 * A whole document, without the coding that it may come in. Anything but 200 comes without its body.
 * @throws `upstream-invalid` beyond `maxBytes`, `upstream-truncated`, `overloaded`.
 */
export function fetchWhole(
  source: Source,
  address: string,
  wanted: WholeWanted,
  at: Pulling,
): Promise<Whole> {
  return withWhole(source, address, wanted, at, async (whole) => whole);
}

/** The same for who makes something of it: until that is done, its bytes count as memory in use. */
export async function withWhole<Result>(
  source: Source,
  address: string,
  wanted: WholeWanted,
  at: Pulling,
  use: (whole: Whole) => Promise<Result>,
): Promise<Result> {
  const share = at.registry.budget.share();
  try {
    return await use(await wholeOf(source, address, wanted, at, share));
  } finally {
    share.release();
  }
}

async function wholeOf(
  source: Source,
  address: string,
  { headers, accept, maxBytes }: WholeWanted,
  at: Pulling,
  share: Share,
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
  const bytes = await collected(answer, most, source, share);
  const coding = answer.headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (coding === 'identity' || coding === '' || isPacked(url))
    return { status, headers: answer.headers, bytes, url };
  const plain = new Headers(answer.headers);
  for (const name of ['content-encoding', 'content-length']) plain.delete(name);
  return { status, headers: plain, bytes: await decoded(bytes, coding, most, source, share), url };
}

/** Of such a file, some servers call its own packing a coding: it is what was asked for. */
function isPacked(url: string): boolean {
  return /\.t?gz$/i.test(new URL(url).pathname);
}

const decoders: Readonly<Record<string, (bytes: Uint8Array, options: ZlibOptions) => Promise<Buffer>>> = {
  gzip: promisify<Uint8Array, ZlibOptions, Buffer>(gunzip),
  'x-gzip': promisify<Uint8Array, ZlibOptions, Buffer>(gunzip),
  deflate: promisify<Uint8Array, ZlibOptions, Buffer>(inflate),
};

/** Some servers code what was asked for as it is. */
async function decoded(
  bytes: Uint8Array,
  coding: string,
  maxBytes: number,
  { name }: Source,
  share: Share,
): Promise<Uint8Array> {
  const decode = decoders[coding];
  if (decode === undefined)
    throw new MeridianError(
      'upstream-invalid',
      `${name} sends a document in the coding ${coding}, which nobody asked for.`,
    );
  try {
    const plain = await decode(bytes, { maxOutputLength: maxBytes });
    share.take(plain.byteLength);
    return plain;
  } catch (cause) {
    throw cause instanceof MeridianError
      ? cause
      : undecodable(name, `${coding}, ${maxBytes} bytes at most`, cause);
  }
}

async function collected(
  answer: Answer,
  maxBytes: number,
  { name }: Source,
  share: Share,
): Promise<Uint8Array> {
  const announced = Number(answer.headers.get('content-length') ?? Number.NaN);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of chunksOf(answer.body)) {
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
  }
  if (size < announced && !answer.headers.has('content-encoding'))
    throw new MeridianError('upstream-truncated', `${name}: ${size} of ${announced} bytes arrived.`);
  return Buffer.concat(chunks, size);
}

function undecodable(name: string, how: string, cause: unknown): MeridianError {
  return new MeridianError('upstream-invalid', `A document of ${name} cannot be decoded (${how}).`, {
    cause,
  });
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
  for (const name of ['content-type', 'content-encoding', 'content-length', 'meridian-unframed']) {
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
  if (absentStatuses.has(status)) {
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
