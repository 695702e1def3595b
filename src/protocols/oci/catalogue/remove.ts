/** Takes away a tag, a manifest or a whole repository for somebody at the API, as a client of the registry would. */
import { MeridianError } from '../../../errors.ts';
import type { Lent } from '../../../protocol.ts';
import { readDigest } from '../digest.ts';
import type { Changing, Home } from '../hosted/home.ts';
import { Refusal } from '../hosted/refusal.ts';
import { remove } from '../hosted/remove.ts';
import { removeRepository } from '../hosted/remove-repository.ts';
import { isTag } from '../path.ts';

/** @param version a tag, or a digest with all its tags; `null`: all of it. @throws `kept-as-it-is`, `no-such-record`, `request-malformed`. */
export async function removeFor(
  home: Home,
  name: string,
  version: string | null,
  { ask: { exchange, signal }, origin }: Lent,
): Promise<void> {
  const changing: Changing = { home, at: { route: home.route, name }, exchange, origin, signal };
  try {
    if (version === null) await removeRepository(changing);
    else await remove(changing, referenceIn(version));
  } catch (cause) {
    throw cause instanceof Refusal ? refused(cause) : cause;
  }
}

function refused(cause: Refusal): MeridianError {
  const code = cause.status === 404 ? 'no-such-record' : 'kept-as-it-is';
  return new MeridianError(code, cause.message, { cause });
}

function referenceIn(version: string) {
  const digest = readDigest(version);
  if (digest !== null) return { digest };
  if (isTag(version)) return { tag: version };
  throw new MeridianError('request-malformed', `"${version.slice(0, 200)}" is neither a tag nor a digest`);
}
