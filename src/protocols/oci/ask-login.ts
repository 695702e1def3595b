/**
 * What a client has to do that is refused for want of a token: `WWW-Authenticate` with where to get one, and for what
 * (https://distribution.github.io/distribution/spec/auth/token/, RFC 6750 §3).
 */
import type { MeridianError } from '../../errors.ts';
import type { Exchange } from '../../exchange.ts';
import type { Mount } from '../../protocol.ts';
import { below, isName, readPath, type Wanted } from './path.ts';
import type { Sources } from './sources.ts';

/** At the token endpoint itself, a name and a password, or a token in its place, are what is wanted. */
const basic = 'Basic realm="meridian", charset="UTF-8"';

export function challengeFor(
  mount: Pick<Mount, 'prefix'>,
  sources: Sources,
  { code }: MeridianError,
  exchange: Exchange,
): string {
  const { base, authority, path, query, method, headers } = exchange;
  const wanted = readPath(below(mount, path) ?? '/');
  if (wanted.kind === 'token') return basic;
  const root = mount.prefix.endsWith('/v2') ? mount.prefix : `${mount.prefix}/v2`;
  const parameters = new URLSearchParams(query);
  const scopes: string[] = [];
  if ('name' in wanted) {
    // A mirror is asked for a name without its source, which the token endpoint then could not know.
    const namespace = parameters.get('ns');
    const name = namespace === null ? wanted.name : (sources.fullName(wanted.name, namespace) ?? wanted.name);
    scopes.push(`repository:${name}:${actionsFor(method, wanted.kind)}`);
    const from = parameters.get('from');
    if (wanted.kind === 'upload' && from !== null && isName(from)) scopes.push(`repository:${from}:pull`);
  } else if (wanted.kind === 'catalogue') scopes.push('registry:catalog:*');
  const isWrong = code === 'unauthenticated' && headers.has('authorization');
  const error = code === 'scope-too-narrow' ? 'insufficient_scope' : isWrong ? 'invalid_token' : null;
  return [
    `Bearer realm=${quoted(`${base}${root}/token`)}`,
    `service=${quoted(authority)}`,
    ...(scopes.length > 0 ? [`scope=${quoted(scopes.join(' '))}`] : []),
    ...(error === null ? [] : [`error="${error}"`]),
  ].join(',');
}

/** What a client shows: who has to log in hears by which command. */
export function explanationOf(error: MeridianError, { authority }: Pick<Exchange, 'authority'>): string {
  if (error.code !== 'unauthenticated') return error.explanation;
  const what = error.detail.replace(/\.$/, '');
  return `${what}. Log in to ${authority} (docker login, podman login, skopeo login), with a user name and its password, or any name and a token as the password.`;
}

function actionsFor(method: string, kind: Wanted['kind']): string {
  // Whatever is done to an upload, it is a part of pushing.
  if (kind === 'upload') return 'pull,push';
  if (method === 'GET' || method === 'HEAD') return 'pull';
  return method === 'DELETE' ? 'delete' : 'pull,push';
}

/** RFC 9110 §5.6.4, without what could end it. */
function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]|["\\]/g, '')}"`;
}
