/** `npm access list packages`: which of those that live here a team, a user, or whoever asks may read or publish. */
import type { Answer } from '../../../entry.ts';
import type { Deed } from '../../../identity.ts';
import type { OriginDoor } from '../../../protocol.ts';
import { jsonAnswer } from '../canonical.ts';
import type { Listed } from '../hosted/catalogue.ts';
import { storesOf } from '../hosted/claims.ts';
import { mayRead } from '../hosted/read.ts';
import { Refusal } from '../hosted/refusal.ts';
import type { NpmOrigin } from '../origin.ts';
import { scopeOf } from '../path.ts';
import type { TeamName } from './path.ts';
import { nameOf, type OfTeam, seesTeams } from './teams.ts';

type May = (deed: Deed) => boolean;

export interface Listing extends OfTeam {
  readonly npm: NpmOrigin;
  readonly origin: OriginDoor;
}

/** `GET /-/team/<scope>/<team>/package`. */
export async function packagesOfTeam(listing: Listing, team: TeamName): Promise<Answer> {
  seesTeams(listing, team.scope);
  const may = await listing.teams.given(`team:${nameOf(team)}`);
  if (may === null) throw new Refusal(404, `There is no team @${team.scope}:${team.team}.`);
  return packagesFor(listing, may, () => true);
}

/** `GET /-/user/<name>/package`: for himself, and for who administers the route. */
export async function packagesOfUser(listing: Listing, user: string): Promise<Answer> {
  const { identity } = listing.asker;
  const isHimself = identity.name === `user:${user}`;
  if (!isHimself && !identity.may({ action: 'admin', route: listing.route, subject: '*', restricted: true }))
    throw new Refusal(403, `What ${user} may do is not for ${identity.name} to see.`);
  const may = await listing.teams.given(`user:${user}`);
  if (may === null) throw new Refusal(404, `There is no user ${user}.`);
  return packagesFor(listing, may, () => true);
}

/** `GET /-/org/<scope>/package`, as npm asks for any name first: 404 sends it on to the user of that name. */
export async function packagesOfScope(listing: Listing, scope: string): Promise<Answer> {
  const { npm, asker } = listing;
  const isOf = ({ name }: Listed) => scopeOf(name) === `@${scope}`;
  const isClaimed = npm.hosted?.claims(`@${scope}/any`) === true;
  if (!isClaimed && !(await readable(listing)).some(isOf))
    throw new Refusal(404, `Nothing of @${scope} lives here.`);
  return packagesFor(listing, asker.identity.may, isOf, ({ access }) => access === 'public');
}

/**
 * As npm shows them: `write` or `read`, by name.
 * @param isFree what may be read without that.
 */
async function packagesFor(
  listing: Listing,
  may: May,
  isOf: (listed: Listed) => boolean,
  isFree: (listed: Listed) => boolean = () => false,
): Promise<Answer> {
  const { route } = listing;
  const found: [string, 'read' | 'write'][] = [];
  for (const listed of await readable(listing)) {
    if (!isOf(listed)) continue;
    const deed = { route, subject: listed.name, restricted: true };
    if (may({ ...deed, action: 'publish' })) found.push([listed.name, 'write']);
    else if (may({ ...deed, action: 'read' }) || isFree(listed)) found.push([listed.name, 'read']);
  }
  return jsonAnswer(200, Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Nobody learns here of a package that he may not read. */
async function readable({ npm, exchange, origin, route }: Listing): Promise<readonly Listed[]> {
  const { packages } = await npm.catalogue.listed(storesOf(origin).metadata);
  return [...packages.values()].filter((listed) => mayRead(exchange, route, listed.name, listed));
}
