/**
 * `/-/npm/v1/keys` of a route that packages live on: our own keys, and those of the default upstream, whose packages the route
 * serves too.
 */
import { z } from 'zod';
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import type { Exchange } from '../../../exchange.ts';
import type { Ask } from '../../../parent.ts';
import type { OriginDoor } from '../../../protocol.ts';
import { discard } from '../../bodies.ts';
import { cacheControlOf } from '../../kept-for.ts';
import { answerWith, documentOf, errorAnswer, jsonAnswer } from '../canonical.ts';
import { mediaTypes } from '../form.ts';
import type { NpmOrigin } from '../origin.ts';
import { acceptingJson, collect, get, passError } from '../upstream.ts';
import { audit } from './change.ts';
import { storesOf } from './claims.ts';
import { authorise } from './refusal.ts';
import { keysOf } from './selectors.ts';
import { toldApart } from './serve.ts';
import { publicKeys, rotateKey } from './signing.ts';

const MAX_BYTES = 256 * 1024;
const listed = z.object({ keys: z.array(z.looseObject({ keyid: z.string() })) });

export async function serveKeys(npm: NpmOrigin, ask: Ask, origin: OriginDoor): Promise<Answer> {
  const own = await publicKeys(storesOf(origin).metadata, npm.route);
  const upstream = await upstreamKeys(npm, ask, origin);
  if ('status' in upstream) return upstream;
  const keys = [...own, ...upstream];
  if (keys.length === 0) return toldApart(errorAnswer(404, 'Nothing has been signed here yet.'));
  const cacheControl = cacheControlOf(npm.metadata, new Headers());
  const as = { contentType: mediaTypes.full, cacheControl };
  return toldApart(answerWith(documentOf(JSON.stringify({ keys })), as, ask.stored));
}

/** An answer when they cannot be had: a list without them would call good signatures bad. */
async function upstreamKeys(
  npm: NpmOrigin,
  ask: Ask,
  origin: OriginDoor,
): Promise<readonly unknown[] | Answer> {
  const remote = npm.remotes.default;
  if (remote === null) return [];
  const url = `${remote.url}/-/npm/v1/keys`;
  const answer = await get(origin, npm.remotes, remote, url, acceptingJson(), ask.signal);
  if (answer.status === 400 || answer.status === 404) {
    await discard(answer);
    return [];
  }
  if (answer.status !== 200) return passError(answer, 'signing keys');
  const share = npm.budget.share();
  try {
    const chunks = await collect(answer, MAX_BYTES, share);
    const text = Buffer.concat(chunks.map((chunk) => new Uint8Array(chunk))).toString('utf8');
    return listed.parse(JSON.parse(text)).keys;
  } catch (cause) {
    if (cause instanceof MeridianError) throw cause;
    throw invalid(cause);
  } finally {
    share.release();
  }
}

function invalid(cause: unknown): MeridianError {
  return new MeridianError('upstream-invalid', 'The upstream has no valid list of signing keys.', { cause });
}

/** `POST /-/npm/v1/keys`: another key signs from now on. What the others have signed stays good. */
export async function renewKey(npm: NpmOrigin, exchange: Exchange, origin: OriginDoor): Promise<Answer> {
  const { route, clock } = npm;
  authorise(exchange, { action: 'admin', route, subject: '', restricted: false });
  const { metadata } = storesOf(origin);
  const key = await metadata.transact(async (transaction) => {
    const made = await rotateKey(transaction, route, clock.now());
    const deed = { what: 'key', detail: { keyid: made.keyid } } as const;
    await audit(transaction, { npm, name: '', exchange, origin }, deed);
    return made;
  });
  await origin.purge(keysOf(route));
  return jsonAnswer(201, { keyid: key.keyid });
}
