/**
 * Who there is, and what has been given to whom: users, teams and grants. Small enough to be held whole by every node; tokens
 * are not part of it.
 */

import type { Right } from '../identity.ts';
import type { Grant, Grantee, Team, User } from './record.ts';

export interface World {
  /** What everybody may do by the config of the network. */
  readonly open: readonly Right[];
  readonly users: ReadonlyMap<string, User>;
  readonly teams: ReadonlyMap<string, Team>;
  readonly grants: ReadonlyMap<string, Grant>;
}

/** Reading of these routes. */
export function openTo(routes: readonly string[]): readonly Right[] {
  return routes.length === 0 ? [] : [{ actions: ['read'], routes, subjects: ['*'] }];
}

/** What everybody may do, with a credential or without. */
export function commonRights({ open, grants }: World): readonly Right[] {
  return [...open, ...[...grants.values()].filter(({ to }) => to === 'everyone')];
}

/**
 * What has been given to the owner of a token. `null`: he is nobody any more, or is disabled. A machine is known by its
 * grants alone.
 */
export function ownRights(world: World, owner: string): readonly Right[] | null {
  const { users, teams, grants } = world;
  const name = owner.slice(owner.indexOf(':') + 1);
  const isUser = owner.startsWith('user:');
  if (isUser) {
    const user = users.get(name);
    if (user === undefined || user.disabled) return null;
  }
  const as = new Set<Grantee>();
  for (const { to } of grants.values()) if (to === owner || (isUser && to === 'users')) as.add(to);
  if (isUser) for (const team of teams.values()) if (team.members.includes(name)) as.add(`team:${team.name}`);
  return [...grants.values()].filter(({ to }) => as.has(to));
}
