/** What may be done at an address of the distribution API, besides reading: which methods change something there, and what that is. */
import type { Exchange } from '../../exchange.ts';
import type { Action } from '../../identity.ts';
import type { Mount } from '../../protocol.ts';
import type { Hosted } from './hosted/claims.ts';
import { below, readPath, type Wanted } from './path.ts';

type Methods = Readonly<Record<string, Action>>;

const ofManifest: Methods = { PUT: 'publish', DELETE: 'delete' };
const ofBlob: Methods = { DELETE: 'delete' };
const ofUploads: Methods = { POST: 'publish' };
const ofUpload: Methods = { GET: 'publish', PATCH: 'publish', PUT: 'publish', DELETE: 'publish' };
const none: Methods = {};

function methodsAt(wanted: Wanted): Methods {
  switch (wanted.kind) {
    case 'manifest':
      return ofManifest;
    case 'blob':
      return ofBlob;
    case 'upload':
      return wanted.id === null ? ofUploads : ofUpload;
    default:
      return none;
  }
}

/** What a request does; `null` for nothing that a registry knows. */
export function actionOf(method: string, wanted: Wanted): Action | null {
  const methods = methodsAt(wanted);
  return Object.hasOwn(methods, method) ? (methods[method] ?? null) : null;
}

/** `Allow` (RFC 9110 §10.2.1): the methods of an address, by what lives here. */
export function allowedAt(
  mount: Pick<Mount, 'prefix'>,
  hosted: Pick<Hosted, 'claims'> | null,
  { path }: Pick<Exchange, 'path'>,
): string {
  const wanted = readPath(below(mount, path) ?? '');
  if (wanted.kind === 'token') return 'GET, POST';
  const isHere = 'name' in wanted && hosted?.claims(wanted.name) === true;
  const reading = wanted.kind === 'upload' ? [] : ['GET', 'HEAD'];
  return [...reading, ...(isHere ? Object.keys(methodsAt(wanted)) : [])].join(', ');
}
