/** Asks one host on behalf of a source: its registry, its token service, or where it keeps its blobs. A failure says which. */
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import type { OriginDoor } from '../protocol.ts';
import type { Sender } from './elsewhere.ts';

type Request = Parameters<OriginDoor['fetch']>[2];

/** @param authorization for that host; `undefined`: none. @throws what `origin.fetch` does; what is the upstream's fault names it. */
export async function askHost(
  source: Pick<Sender, 'name'>,
  url: URL,
  authorization: string | undefined,
  request: Request,
  origin: Pick<OriginDoor, 'fetch'>,
): Promise<Answer> {
  try {
    return await origin.fetch({ url: url.origin, authorization }, url.href, request);
  } catch (error) {
    throw naming(error, source.name, url.host);
  }
}

/** A route has many upstreams, and who reads the sentence has typed the address of a PoP. */
function naming(error: unknown, name: string, host: string): unknown {
  if (!(error instanceof MeridianError) || error.row.blame !== 'upstream') return error;
  const { code, detail, retryAfterS } = error;
  if (name === host && detail.startsWith(`${host} `)) return error;
  const who = name === host || detail.includes(host) ? name : `${name} (${host})`;
  return new MeridianError(code, `${who}: ${detail}`, {
    cause: error,
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
  });
}
