/** Requests that are for one client alone, and which file carries them out. */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import type { Ask } from '../../../parent.ts';
import type { OriginDoor } from '../../../protocol.ts';
import { authorise } from '../../authorise.ts';
import type { Wanted } from '../path.ts';
import type { Changing, Home } from './home.ts';
import { push } from './push.ts';
import { Refusal } from './refusal.ts';
import { remove, removeUnneeded } from './remove.ts';
import { begin, cancel, finish, status, takeChunk } from './uploads.ts';

/** @param name of a repository that lives here. */
export async function write(
  home: Home,
  name: string,
  wanted: Wanted,
  { exchange, signal }: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const changing: Changing = { home, at: { route: home.route, name }, exchange, origin, signal };
  try {
    return await home.teller.noting(carryOut(changing, wanted));
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.answer;
    throw thrown;
  }
}

async function carryOut(changing: Changing, wanted: Wanted): Promise<Answer> {
  const { home, at, exchange } = changing;
  const { method } = exchange;
  const parameters = new URLSearchParams(exchange.query);
  const restricted = !home.hosted.isPublic(at.name);
  const action = method === 'DELETE' && wanted.kind !== 'upload' ? 'delete' : 'publish';
  authorise(exchange, { action, route: at.route, subject: at.name, restricted });
  if ((exchange.headers.get('content-encoding') ?? 'identity') !== 'identity')
    throw new Refusal(415, 'UNSUPPORTED', 'What is pushed may not be encoded (Content-Encoding).');
  refuseAmbiguous(parameters);
  switch (wanted.kind) {
    case 'manifest':
      return method === 'PUT'
        ? push(changing, wanted.reference, parameters)
        : remove(changing, wanted.reference);
    case 'blob':
      return removeUnneeded(changing, wanted.digest);
    case 'upload':
      return wanted.id === null ? begin(changing, parameters) : goOn(changing, method, wanted.id, parameters);
    default:
      throw new MeridianError('internal', `The OCI protocol has no change of ${wanted.kind}.`);
  }
}

const saidOnce = { digest: 'DIGEST_INVALID', mount: 'DIGEST_INVALID', from: 'NAME_INVALID' } as const;

/** Of two digests, whoever stands in front may have looked at the other one. */
function refuseAmbiguous(parameters: URLSearchParams): void {
  for (const [name, code] of Object.entries(saidOnce))
    if (new Set(parameters.getAll(name)).size > 1)
      throw new Refusal(400, code, `There is more than one "${name}", and they differ.`);
}

function goOn(changing: Changing, method: string, id: string, parameters: URLSearchParams): Promise<Answer> {
  switch (method) {
    case 'PATCH':
      return takeChunk(changing, id);
    case 'PUT':
      return finish(changing, id, parameters);
    case 'DELETE':
      return cancel(changing, id);
    default:
      return status(changing, id);
  }
}
