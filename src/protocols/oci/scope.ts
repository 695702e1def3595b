/**
 * Scopes, in which clients say what they want a token for (https://distribution.github.io/distribution/spec/auth/scope/), and rights:
 *
 *     repository:team/app:pull,push        read and publish, team/app
 *     repository:team/app:*                whatever can be done to it
 *     registry:catalog:*                   read, the route as a whole
 *
 * Of a kind or an action that is not known here, a scope gives nothing, which is no error.
 */
import { MeridianError } from '../../errors.ts';
import type { Action, Right } from '../../identity.ts';
import { isName } from './path.ts';

export type ScopeRight = Pick<Right, 'actions' | 'subjects'>;

/** A client asks for one or two; who copies from many, for more. */
const mostScopes = 32;
const longestScopes = 8_192;

const actionsOf: Readonly<Record<string, readonly Action[]>> = {
  pull: ['read'],
  push: ['publish'],
  delete: ['delete'],
  '*': ['read', 'publish', 'delete'],
};

/**
 * @param scopes as parameters hold them: each may be several, separated by spaces.
 * @param fullName what the repository is called here; `null`: there is none.
 * @throws `request-malformed` for what is no scope.
 */
export function rightsIn(
  scopes: readonly string[],
  fullName: (name: string) => string | null,
): readonly ScopeRight[] {
  const all = scopes.flatMap((text) => text.split(' ')).filter((scope) => scope !== '');
  const isLong = all.reduce((length, scope) => length + scope.length, 0) > longestScopes;
  if (all.length > mostScopes || isLong)
    throw new MeridianError('request-malformed', `A token is for ${mostScopes} scopes at most.`);
  return [...new Set(all)].flatMap((scope) => rightIn(scope, fullName) ?? []);
}

function rightIn(scope: string, fullName: (name: string) => string | null): ScopeRight | null {
  const first = scope.indexOf(':');
  const last = scope.lastIndexOf(':');
  if (first <= 0 || first === last)
    throw new MeridianError(
      'request-malformed',
      `"${scope.slice(0, 300)}" is no scope: one is repository:<name>:<actions>, such as repository:team/app:pull,push.`,
    );
  const kind = scope.slice(0, first);
  const name = scope.slice(first + 1, last);
  const wanted = scope.slice(last + 1).split(',');
  if (kind === 'registry' && name === 'catalog') return { actions: ['read'], subjects: [''] };
  const actions = [...new Set(wanted.flatMap((action) => actionsOf[action] ?? []))];
  if (kind !== 'repository' || actions.length === 0) return null;
  if (!isName(name))
    throw new MeridianError('request-malformed', `"${name.slice(0, 300)}" is no name of a repository.`);
  return { actions, subjects: [fullName(name) ?? name] };
}
