/**
 * Tokens of upstream registries, obtained when one asks for them, kept for as long as they are good, and asked for once by all who
 * wait for the same.
 */
import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { parsedJson } from '../../http/json.ts';
import type { OriginDoor } from '../../protocol.ts';
import { askHost } from '../ask-host.ts';
import { elsewhere } from '../elsewhere.ts';
import type { Challenge } from './challenge.ts';
import type { OciSource } from './sources.ts';

/** Kept at once; the oldest goes first. */
const mostTokens = 10_000;
/** A token service's answer is a few KiB. */
const longestAnswer = 256 * 1024;
/** How long a token is good whose service does not say (the token specification's `expires_in`), and the least and the most that is believed. */
const usualS = 60;
const mostS = 86_400;
/** A field may hold it (RFC 6750 §2.1 has less), and no server takes longer ones. */
const tokenText = z
  .string()
  .regex(/^[\x21-\x7e]+$/)
  .max(32_768);
/** Not used in its last seconds: the request takes time, too. */
const marginS = 5;
/** How long a password that was refused is not tried again. */
const lockedMs = 10_000;
/** When somebody may come again whose token the service gives nobody just now. How long it really wants, `remotes` knows. */
const retryS = 10;

const answerShape = z.object({
  token: tokenText.optional().catch(undefined),
  access_token: tokenText.optional().catch(undefined),
  expires_in: z.coerce.number().positive().optional().catch(undefined),
});

interface Kept {
  readonly authorization: string;
  /** `Clock.elapsed()`. */
  readonly untilMs: number;
}

export interface Tokens {
  /** What the registry wanted last time for the same; `undefined`: that is not known, or has expired. */
  known(source: OciSource, scope: string): string | undefined;
  /**
   * Does what a challenge asks for. `undefined`: there is nothing to show, or the token service does not let anybody have that.
   *
   * @throws `upstream-invalid` when the source's password is refused, or the token service fails or cannot be understood;
   *   `upstream-limiting`.
   */
  obtain(
    source: OciSource,
    scope: string,
    challenge: Challenge,
    origin: OriginDoor,
  ): Promise<string | undefined>;
  /** The registry took this one no more. */
  refused(source: OciSource, scope: string, authorization: string): void;
  /** Nor the password itself, which is not shown again for a while. @returns what whoever asked hears. */
  rejected(source: OciSource, scope: string, authorization: string): MeridianError;
}

export function openTokens(clock: Clock): Tokens {
  const kept = new Map<string, Kept>();
  const underWay = new Map<string, Promise<Kept | undefined>>();
  /** Until when the password of a source, by its name, is not shown to a token service again: these lock out who tries too often. */
  const wrong = new Map<string, number>();
  /** The same of passwords that a registry takes itself, for each repository: it may say so of what somebody else's password is for. */
  const barred = new Map<string, number>();
  const keyOf = ({ name }: OciSource, scope: string) => `${name} ${scope}`;

  function keep(key: string, token: Kept): void {
    kept.delete(key);
    if (kept.size >= mostTokens) for (const oldest of kept.keys()) if (kept.delete(oldest)) break;
    kept.set(key, token);
  }

  return {
    known(source, scope) {
      const found = kept.get(keyOf(source, scope));
      if (found === undefined) return undefined;
      if (found.untilMs > clock.elapsed()) return found.authorization;
      kept.delete(keyOf(source, scope));
      return undefined;
    },

    async obtain(source, scope, challenge, origin) {
      const key = keyOf(source, scope);
      if (challenge.scheme === 'basic') {
        if ((barred.get(key) ?? 0) > clock.elapsed()) throw wrongPassword(source, 'registry');
        const authorization = basicOf(source);
        if (authorization !== undefined) keep(key, { authorization, untilMs: Number.POSITIVE_INFINITY });
        return authorization;
      }
      const waiting = underWay.get(key);
      if (waiting !== undefined) return (await waiting)?.authorization;
      if ((wrong.get(source.name) ?? 0) > clock.elapsed()) throw wrongPassword(source, 'token service');
      // Others wait for it, too, so it does not end with the one who came first.
      const asking = ask(source, scope, challenge, origin, clock)
        .then((token) => {
          if (token === 'wrong-password') {
            wrong.set(source.name, clock.elapsed() + lockedMs);
            throw wrongPassword(source, 'token service');
          }
          if (token !== undefined) keep(key, token);
          return token;
        })
        .finally(() => underWay.delete(key));
      underWay.set(key, asking);
      return (await asking)?.authorization;
    },

    refused(source, scope, authorization) {
      const key = keyOf(source, scope);
      if (kept.get(key)?.authorization === authorization) kept.delete(key);
    },

    rejected(source, scope, authorization) {
      this.refused(source, scope, authorization);
      const key = keyOf(source, scope);
      barred.delete(key);
      if (barred.size >= mostTokens) for (const oldest of barred.keys()) if (barred.delete(oldest)) break;
      barred.set(key, clock.elapsed() + lockedMs);
      return wrongPassword(source, 'registry');
    },
  };
}

function wrongPassword({ name }: OciSource, who: 'registry' | 'token service'): MeridianError {
  return new MeridianError(
    'upstream-invalid',
    `The ${who} of ${name} answers 401: check the \`username\` and \`password\` of this source.`,
  );
}

function basicOf({ username, password }: OciSource): string | undefined {
  if (username === undefined || password === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

async function ask(
  source: OciSource,
  scope: string,
  challenge: Challenge & { readonly scheme: 'bearer' },
  origin: OriginDoor,
  clock: Clock,
): Promise<Kept | 'wrong-password' | undefined> {
  const url = await realmOf(source, challenge.realm);
  if (challenge.service !== null) url.searchParams.set('service', challenge.service);
  // Several scopes come as several parameters.
  for (const one of (challenge.scope ?? scope).split(' '))
    if (one !== '') url.searchParams.append('scope', one);
  const headers = new Headers({ accept: 'application/json', 'accept-encoding': 'identity' });
  const request = { method: 'GET', headers, signal: new AbortController().signal };
  const answer = await askHost(source, url, basicOf(source), request, origin);
  const text = await new Response(limited(answer.body)).text();
  if (answer.status === 401 && basicOf(source) !== undefined) return 'wrong-password';
  // Not for us, or not without a password: registries differ in which of the two they say, and where.
  if (answer.status === 401 || answer.status === 403) return undefined;
  if (answer.status === 429)
    throw new MeridianError('upstream-limiting', `The token service of ${source.name} answers 429.`, {
      retryAfterS: retryS,
    });
  if (answer.status !== 200)
    throw new MeridianError(
      'upstream-invalid',
      `The token service of ${source.name} answers ${answer.status}.`,
    );
  const { data } = answerShape.safeParse(parsedJson(text));
  const token = data?.token ?? data?.access_token;
  if (token === undefined)
    throw new MeridianError('upstream-invalid', `The token service of ${source.name} gives no token.`);
  const goodS = Math.min(mostS, Math.max(usualS, data?.expires_in ?? usualS));
  return { authorization: `Bearer ${token}`, untilMs: clock.elapsed() + (goodS - marginS) * 1000 };
}

/** Credentials for a registry that is asked over TLS do not go to a token service in the clear. */
function realmOf(source: OciSource, realm: string): Promise<URL> {
  // What is relative may be so to anything.
  return elsewhere(source, new URL(source.url), URL.canParse(realm) ? realm : '//');
}

function limited(body: Answer['body']): Answer['body'] {
  if (!(body instanceof ReadableStream)) return body;
  let bytes = 0;
  const bound = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > longestAnswer)
        controller.error(new MeridianError('upstream-invalid', 'The token service’s answer is too long.'));
      else controller.enqueue(chunk);
    },
  });
  return body.pipeThrough(bound);
}
