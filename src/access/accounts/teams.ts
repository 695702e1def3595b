/** Teams, for clients' own commands: the register's, changed by those who administer what a team has been given. */
import { MeridianError } from '../../errors.ts';
import type { Asker, Deed, Identity, Place, Teams } from '../../identity.ts';
import { type Grant, type Grantee, name as nameOfTeam } from '../record.ts';
import { notFound } from '../register/not-found.ts';
import type { Register } from '../register/register.ts';
import { allowing } from '../rights.ts';
import { ownRights } from '../world.ts';
import { actorOf } from './asker.ts';

/** The nodes hear of a change within a moment, also when this takes longer. */
const toldWithinMs = 5_000;

export function openTeams(register: Register): Teams {
  async function members(team: string): Promise<readonly string[]> {
    const found = (await register.teams()).find(({ name }) => name === team);
    if (found === undefined) throw notFound('team', team);
    return found.members;
  }

  async function grantsOf(team: string): Promise<readonly Grant[]> {
    return (await register.grants()).filter(({ to }) => to === `team:${team}`);
  }

  /** What the team has been given, by somebody who may change it. */
  async function changeable({ identity }: Asker, team: string): Promise<readonly Grant[]> {
    await members(team);
    const given = await grantsOf(team);
    const other = given.find((grant) => !administers(identity, grant));
    if (other === undefined) return given;
    const what = `${other.subjects.join(', ')} of ${other.routes.join(', ')}`;
    throw new MeridianError(
      'forbidden',
      `the team ${team} has been given ${other.actions.join(', ')} on ${what}, which ${identity.name} does not administer`,
    );
  }

  /** What the team has been given there and nowhere else, for somebody who says who may do what there. */
  async function givenJust({ identity }: Asker, team: string, place: Place): Promise<readonly Grant[]> {
    const { route, subject } = place;
    if (!identity.may({ action: 'admin', route, subject, restricted: true }))
      throw new MeridianError('forbidden', `${identity.name} does not administer ${subject}`);
    await members(team);
    return (await grantsOf(team)).filter((grant) => isJust(grant, place));
  }

  async function told<Result>(change: Promise<Result>): Promise<Result> {
    const result = await change;
    await register.told(toldWithinMs);
    return result;
  }

  return {
    names: async () => (await register.teams()).map(({ name }) => name),
    members,

    async create(asker, team) {
      if (!nameOfTeam.safeParse(team).success)
        throw new MeridianError(
          'request-malformed',
          `a team cannot be called ${team}: it takes 1 to 64 letters in lower case, digits, dots, dashes and underscores`,
        );
      await told(register.addTeam(actorOf(asker), team));
    },

    async remove(asker, team) {
      await changeable(asker, team);
      await told(register.removeTeam(actorOf(asker), team));
    },

    async addMember(asker, team, user) {
      await changeable(asker, team);
      await told(register.addMember(actorOf(asker), team, user));
    },

    async removeMember(asker, team, user) {
      await changeable(asker, team);
      if (!(await members(team)).includes(user))
        throw new MeridianError('no-such-record', `${user} is not in the team ${team}`);
      await told(register.removeMember(actorOf(asker), team, user));
    },

    async give(asker, team, place, wanted) {
      const before = await givenJust(asker, team, place);
      const right = { actions: wanted, routes: [place.route], subjects: [place.subject] };
      await register.grant(actorOf(asker), `team:${team}`, right);
      for (const { id } of before) await register.revokeGrant(actorOf(asker), id);
      await register.told(toldWithinMs);
    },

    async take(asker, team, place) {
      const found = await givenJust(asker, team, place);
      for (const { id } of found) await register.revokeGrant(actorOf(asker), id);
      if (found.length > 0) await register.told(toldWithinMs);
      return found.length > 0;
    },

    async given(to) {
      const world = await register.world();
      if (to.startsWith('user:')) {
        const own = ownRights(world, to);
        return own && allowing({ common: [], own, limit: null });
      }
      if (!world.teams.has(to.slice('team:'.length))) return null;
      const own = [...world.grants.values()].filter((grant) => grant.to === to);
      return allowing({ common: [], own, limit: null });
    },

    async usersWho(deed) {
      const { users, teams, grants } = await register.world();
      const found = new Set<string>();
      const usersBehind = (to: Grantee): Iterable<string> => {
        if (to === 'users') return users.keys();
        if (to.startsWith('user:')) return [to.slice('user:'.length)];
        return to.startsWith('team:') ? (teams.get(to.slice('team:'.length))?.members ?? []) : [];
      };
      for (const grant of grants.values()) {
        if (!allowing({ common: [], own: [grant], limit: null })(deed)) continue;
        for (const user of usersBehind(grant.to)) if (users.get(user)?.disabled === false) found.add(user);
      }
      return [...found];
    },
  };
}

/** Patterns are asked about as they are written: what allows all of their stars allows every name that they stand for. */
function administers({ may }: Identity, { routes, subjects }: Grant): boolean {
  const deeds = routes.flatMap((route) =>
    subjects.map((subject): Deed => ({ action: 'admin', route, subject, restricted: true })),
  );
  return deeds.every(may);
}

function isJust({ routes, subjects }: Grant, { route, subject }: Place): boolean {
  return routes.length === 1 && routes[0] === route && subjects.length === 1 && subjects[0] === subject;
}
