/**
 * Asking an upstream registry: with a token where it wants one, and following redirects to where it keeps its blobs, which hear
 * of no credential, and whose word about credentials is not taken.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import type { OriginDoor } from '../../protocol.ts';
import { askHost } from '../ask-host.ts';
import { elsewhere } from '../elsewhere.ts';
import { readChallenge } from './challenge.ts';
import { errorAnswer, type OciCode } from './errors.ts';
import { anyManifest } from './media.ts';
import type { Place } from './sources.ts';
import type { Tokens } from './tokens.ts';

const maxRedirects = 5;
const redirects = new Set([301, 302, 303, 307, 308]);
/** "There is no such thing", kept: long enough for a crowd, short enough for a push. */
const absentFreshS = 10;

export interface Question {
  readonly method: 'GET' | 'HEAD';
  /** Below the repository: `manifests/latest`. */
  readonly path: string;
  readonly headers: Headers;
  readonly signal: AbortSignal;
}

export async function ask(
  place: Place,
  question: Question,
  origin: OriginDoor,
  tokens: Tokens,
): Promise<Answer> {
  const { source, repository } = place;
  const scope = `repository:${repository}:pull`;
  const known = tokens.known(source, scope);
  const answer = await send(place, question, origin, known);
  if (answer.status !== 401) return answer;
  // Those who asked with it at the same time have perhaps got another one by now.
  if (known !== undefined) tokens.refused(source, scope, known);
  const challenge = readChallenge(answer.headers.get('www-authenticate'));
  const authorization = tokens.known(source, scope) ?? (await obtained());
  const isPassword = challenge?.scheme === 'basic';
  if (authorization === undefined || (authorization === known && !isPassword)) return answer;
  await discard(answer);
  // A password that was refused is not shown again at once.
  if (authorization === known) throw tokens.rejected(source, scope, authorization);
  const again = await send(place, question, origin, authorization);
  if (again.status !== 401 || !isPassword) return again;
  await discard(again);
  throw tokens.rejected(source, scope, authorization);

  async function obtained(): Promise<string | undefined> {
    if (challenge === null) return undefined;
    try {
      return await tokens.obtain(source, scope, challenge, origin);
    } catch (error) {
      await discard(answer);
      throw error;
    }
  }
}

async function send(
  { source, repository }: Place,
  { method, path, headers, signal }: Question,
  origin: OriginDoor,
  authorization: string | undefined,
): Promise<Answer> {
  const own = new URL(`${source.url}/v2/${repository}/${path}`);
  let url = own;
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const isOwn = url.origin === own.origin;
    const request = { method, headers: new Headers(headers), signal };
    const answer = await askHost(source, url, isOwn ? authorization : undefined, request, origin);
    if (!redirects.has(answer.status)) return isOwn ? answer : ofAnother(answer, method, source.name, url);
    await discard(answer);
    url = await elsewhere(source, url, answer.headers.get('location') ?? '//');
  }
  throw new MeridianError('upstream-invalid', `${source.name} redirects more than ${maxRedirects} times.`);
}

/**
 * What the registry sends to, it has. Who is not let in there has an address that is no longer good, and is neither asked for a credential nor
 * told that there is nothing. An address that is signed for GET alone may refuse a HEAD.
 */
async function ofAnother(answer: Answer, method: string, name: string, { host }: URL): Promise<Answer> {
  if (answer.status !== 401 && (answer.status !== 403 || method === 'HEAD')) return answer;
  await discard(answer);
  throw new MeridianError(
    'upstream-invalid',
    `${name} redirects to ${host}, which answers ${answer.status}.`,
  );
}

/** Asked for with every manifest type that there is, whatever one client may take. */
export function accepting(): Headers {
  return new Headers({ accept: anyManifest, 'accept-encoding': 'identity' });
}

/** Lets go of a body that nobody reads, so that its connection is free again. */
export async function discard({ body }: Answer): Promise<void> {
  if (body instanceof ReadableStream) await body.cancel().catch(() => {}); // it broke already
}

/**
 * What a client hears of an upstream's refusal. 401 and 403 of a registry say, to somebody who may not know, that there is nothing;
 * towards this network's clients that is what they come to, too.
 */
export async function passError(answer: Answer, code: OciCode, subject: string): Promise<Answer> {
  await discard(answer);
  const { status, headers } = answer;
  if (status === 404) return errorAnswer(404, code, `There is no ${subject}.`, absentFreshS);
  if (status === 429) {
    const limited = errorAnswer(
      429,
      'TOOMANYREQUESTS',
      `The upstream registry wants to be asked less often for ${subject}.`,
    );
    for (const name of ['retry-after', 'ratelimit-limit', 'ratelimit-remaining']) {
      const value = headers.get(name);
      if (value !== null) limited.headers.set(name, value);
    }
    const reset = headers.get('ratelimit-reset') ?? '';
    if (!headers.has('retry-after') && /^\d{1,9}$/.test(reset)) limited.headers.set('retry-after', reset);
    return limited;
  }
  if (status === 401 || status === 403)
    return errorAnswer(
      404,
      code,
      `There is no ${subject}, or this network may not have it: the upstream registry answers ${status}.`,
      absentFreshS,
    );
  if (status >= 500) {
    // There is none beyond 599 that could be passed on.
    const failed = errorAnswer(
      Math.min(status, 599),
      code,
      `The upstream registry answers ${status} for ${subject}.`,
    );
    const retryAfter = headers.get('retry-after');
    if (retryAfter !== null) failed.headers.set('retry-after', retryAfter);
    return failed;
  }
  throw new MeridianError('upstream-invalid', `The upstream registry answers ${status} for ${subject}.`);
}
