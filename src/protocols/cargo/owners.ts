/**
 * Who may publish a crate that lives here. `cargo owner` knows owners of crates; here, grants say who may do what, to users, teams and everybody, so owners can
 * be told, and are not made or unmade by cargo.
 */
import type { Answer } from '../../entry.ts';
import type { Changing } from '../registry/ecosystem.ts';
import { authorise, homeOf } from '../registry/hosted/authorise.ts';
import { findPackage } from '../registry/hosted/find.ts';
import { Refusal } from '../registry/hosted/refusal.ts';
import { done } from './publish.ts';

/** Told to those who may publish it themselves. */
export async function listOwners(name: string, at: Changing): Promise<Answer> {
  const { registry, door } = at;
  homeOf(at, name);
  authorise(at, 'publish', name);
  if ((await findPackage(at, name)) === null) throw new Refusal(404, `There is no crate ${name} here.`);
  const deed = {
    action: 'publish',
    route: registry.route,
    subject: name,
    restricted: !registry.hosted?.isPublic(name),
  } as const;
  const users = (await door.accounts?.teams.usersWho(deed)) ?? [];
  return done({ users: users.toSorted().map((login, at) => ({ id: at + 1, login, name: null })) });
}

/** Always: and says what to do instead. */
export function refuseOwnerChange(name: string, { registry }: Changing): never {
  throw new Refusal(
    403,
    `Owners are not changed by cargo here: whoever administers ${name} says who may publish it, with \`meridian grant add user:NAME --action publish --route ${registry.route} --subject ${name}\`, or in the console.`,
  );
}
