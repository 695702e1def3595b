/**
 * `npm team`, and `npm access` as far as it is about teams. npm's team `core` of the scope `@acme` is the network's team
 * `acme.core`: whoever administers `@acme/*` on this route looks after the teams of that scope, and after no others.
 */

import type { Answer } from '../../../entry.ts';
import type { Exchange } from '../../../exchange.ts';
import type { Accounts, Action, Asker } from '../../../identity.ts';
import { jsonAnswer } from '../canonical.ts';
import { Refusal } from '../hosted/refusal.ts';
import { isNewPackageName } from '../path.ts';
import { readObject } from './body.ts';
import type { TeamName } from './path.ts';

/** Between the scope and the team in the name of the network's team. None is in a team's own name, so that it can be found again. */
const BETWEEN = '.';

export interface OfTeam {
  readonly route: string;
  readonly exchange: Exchange;
  readonly asker: Asker;
  readonly teams: Accounts['teams'];
}

/** `GET` and `PUT /-/org/<scope>/team`. */
export async function serveTeams(of: OfTeam, scope: string): Promise<Answer> {
  const { exchange, asker, teams } = of;
  if (exchange.method === 'PUT') {
    administers(of, scope);
    await teams.create(asker, nameOf({ scope, team: textIn(await readObject(exchange), 'name') }));
    return jsonAnswer(201, { ok: true });
  }
  seesTeams(of, scope);
  const prefix = scope + BETWEEN;
  const names = (await teams.names()).filter((name) => name.lastIndexOf(BETWEEN) === scope.length);
  const own = names.filter((name) => name.startsWith(prefix)).sort();
  const bare = own.map((name) => name.slice(prefix.length));
  return jsonAnswer(200, asksForWords(exchange) ? bare.map((name) => `${scope}:${name}`) : objectsOf(bare));
}

/** `DELETE /-/team/<scope>/<team>`. */
export async function removeTeam(of: OfTeam, team: TeamName): Promise<Answer> {
  administers(of, team.scope);
  await of.teams.remove(of.asker, nameOf(team));
  return jsonAnswer(200, { ok: true });
}

/** `GET`, `PUT` and `DELETE /-/team/<scope>/<team>/user`. */
export async function serveMembers(of: OfTeam, team: TeamName): Promise<Answer> {
  const { exchange, asker, teams } = of;
  if (exchange.method === 'GET') {
    seesTeams(of, team.scope);
    const members = (await teams.members(nameOf(team))).toSorted();
    return jsonAnswer(200, asksForWords(exchange) ? members : objectsOf(members));
  }
  administers(of, team.scope);
  const user = textIn(await readObject(exchange), 'user');
  if (exchange.method === 'PUT') await teams.addMember(asker, nameOf(team), user);
  else await teams.removeMember(asker, nameOf(team), user);
  return jsonAnswer(exchange.method === 'PUT' ? 201 : 200, { ok: true });
}

/** `PUT` and `DELETE /-/team/<scope>/<team>/package`: `npm access grant` and `revoke`. */
export async function changeTeamRights(of: OfTeam, team: TeamName): Promise<Answer> {
  const { route, exchange, asker, teams } = of;
  const body = await readObject(exchange);
  const subject = textIn(body, 'package');
  if (!isNewPackageName(subject)) throw new Refusal(400, `${subject} is not the name of a package.`);
  const place = { route, subject };
  if (exchange.method === 'PUT') {
    await teams.give(asker, nameOf(team), place, actionsFor(textIn(body, 'permissions')));
    return jsonAnswer(201, { ok: true });
  }
  if (await teams.take(asker, nameOf(team), place)) return jsonAnswer(200, { ok: true });
  throw new Refusal(
    404,
    `@${team.scope}:${team.team} has not been given ${subject} alone: what it may do there comes of a wider right (meridian grant ls).`,
  );
}

/** As npm does; pnpm asks for objects. */
function asksForWords({ query }: Exchange): boolean {
  return new URLSearchParams(query).get('format') === 'cli';
}

function objectsOf(names: readonly string[]): readonly { readonly name: string }[] {
  return names.map((name) => ({ name }));
}

function actionsFor(permissions: string): readonly Action[] {
  if (permissions === 'read-only') return ['read'];
  if (permissions === 'read-write') return ['read', 'publish', 'delete'];
  throw new Refusal(400, 'A team is given read-only or read-write.');
}

/** Of the network's team. */
export function nameOf({ scope, team }: TeamName): `${string}.${string}` {
  if (team.includes(BETWEEN))
    throw new Refusal(400, `A team cannot be called ${team}: there may be no dot in it.`);
  return `${scope}${BETWEEN}${team}`;
}

function administers({ route, asker: { identity } }: OfTeam, scope: string): void {
  if (identity.may({ action: 'admin', route, subject: `@${scope}/*`, restricted: true })) return;
  throw new Refusal(403, `${identity.name} does not administer @${scope}/* here, which its teams take.`);
}

/** Who is in a team is for those who may read all of its scope, by name. */
export function seesTeams({ route, asker: { identity } }: OfTeam, scope: string): void {
  if (identity.may({ action: 'read', route, subject: `@${scope}/*`, restricted: true })) return;
  throw new Refusal(
    403,
    `${identity.name} has no right by name to read @${scope}/* here, which it takes to see its teams.`,
  );
}

function textIn(body: Readonly<Record<string, unknown>>, member: string): string {
  const value = body[member];
  if (typeof value === 'string' && value !== '') return value;
  throw new Refusal(400, `${member} is missing.`);
}
