/**
 * Users and teams.
 */
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { DocumentReader } from '../../store.ts';
import type { Team, User } from '../record.ts';
import type { Act } from './act.ts';
import type { Actor } from './actor.ts';
import { documents, find, keys, listed, passwordDocument } from './documents.ts';
import { dropGrantsOf } from './grants.ts';
import { checkGone } from './leaving.ts';
import { notFound } from './not-found.ts';

export interface People {
  users(): Promise<readonly User[]>;
  user(name: string): Promise<User | null>;
  /** @throws `conflict` when there is one of this name, or tokens of one are still to be removed. */
  addUser(actor: Actor, user: NewUser): Promise<User>;
  /** What he holds is good for nothing while he is disabled. @throws `no-such-record`. */
  setDisabled(actor: Actor, name: string, disabled: boolean): Promise<User>;
  /** @throws `no-such-record`. */
  setPassword(actor: Actor, name: string, password: string): Promise<void>;
  /** The user, if that is his password and he is not disabled. Takes as long for one that there is not. */
  withPassword(name: string, password: string): Promise<User | null>;
  /** What is another one whenever his password is; `null`: he has none. */
  passwordMark(name: string): Promise<string | null>;
  teams(): Promise<readonly Team[]>;
  addTeam(actor: Actor, name: string): Promise<Team>;
  removeTeam(actor: Actor, name: string): Promise<void>;
  /** @throws `no-such-record` for a team or a user that there is not. */
  addMember(actor: Actor, team: string, user: string): Promise<Team>;
  removeMember(actor: Actor, team: string, user: string): Promise<Team>;
}

export interface NewUser {
  readonly name: string;
  readonly email?: string | null | undefined;
  readonly password?: string | undefined;
}

/** Of something that nobody's password is, to compare with where there is no such user. */
let decoy: Promise<string> | null = null;

export function people(reader: DocumentReader, act: Act, clock: Clock): People {
  async function changeTeam(
    what: 'team.add-member' | 'team.remove-member',
    actor: Actor,
    name: string,
    member: string,
    change: (members: readonly string[]) => readonly string[],
  ): Promise<Team> {
    const event = { ...actor, what, subject: name, detail: { user: member } };
    return act(event, async ({ documents: written, tell }) => {
      const found = await find(written, documents.team, keys.team(name));
      if (found === null) throw notFound('team', name);
      const isKnown = (await written.get(keys.user(member))) !== null;
      if (what === 'team.add-member' && !isKnown) throw notFound('user', member);
      const value = { ...found, members: change(found.members) };
      await written.put(keys.team(name), value);
      tell({ of: 'team', name, value });
      return value;
    });
  }

  return {
    users: () => listed(reader, documents.user, 'user'),
    teams: () => listed(reader, documents.team, 'team'),
    user: (name) => find(reader, documents.user, keys.user(name)),

    async addUser(actor, { name, email = null, password }) {
      const hash = password === undefined ? null : await Bun.password.hash(password);
      const value: User = { name, email, createdMs: clock.now(), disabled: false };
      return act({ ...actor, what: 'user.add', subject: name, detail: {} }, async (acting) => {
        const { documents: written, tell } = acting;
        if ((await written.get(keys.user(name))) !== null)
          throw new MeridianError('conflict', `there is a user ${name}`);
        await checkGone(written, name);
        await written.put(keys.user(name), value);
        if (hash !== null) await written.put(keys.password(name), { hash });
        tell({ of: 'user', name, value });
        return value;
      });
    },

    setDisabled: (actor, name, disabled) => {
      const what = disabled ? 'user.disable' : 'user.enable';
      return act({ ...actor, what, subject: name, detail: {} }, async ({ documents: written, tell }) => {
        const found = await find(written, documents.user, keys.user(name));
        if (found === null) throw notFound('user', name);
        const value = { ...found, disabled };
        await written.put(keys.user(name), value);
        tell({ of: 'user', name, value });
        return value;
      });
    },

    async setPassword(actor, name, password) {
      const hash = await Bun.password.hash(password);
      await act({ ...actor, what: 'user.password', subject: name, detail: {} }, async (acting) => {
        if ((await acting.documents.get(keys.user(name))) === null) throw notFound('user', name);
        await acting.documents.put(keys.password(name), { hash });
      });
    },

    async withPassword(name, password) {
      const found = await find(reader, documents.user, keys.user(name));
      const stored = found && (await find(reader, passwordDocument, keys.password(name)));
      decoy ??= Bun.password.hash(crypto.randomUUID());
      const isRight = await Bun.password.verify(password, stored?.hash ?? (await decoy));
      return isRight && stored !== null && found !== null && !found.disabled ? found : null;
    },

    async passwordMark(name) {
      const stored = await find(reader, passwordDocument, keys.password(name));
      return stored && Bun.SHA256.hash(stored.hash, 'base64url');
    },

    addTeam: (actor, name) =>
      act({ ...actor, what: 'team.add', subject: name, detail: {} }, async ({ documents: written, tell }) => {
        if ((await written.get(keys.team(name))) !== null)
          throw new MeridianError('conflict', `there is a team ${name}`);
        const value: Team = { name, createdMs: clock.now(), members: [] };
        await written.put(keys.team(name), value);
        tell({ of: 'team', name, value });
        return value;
      }),

    removeTeam: (actor, name) =>
      act({ ...actor, what: 'team.remove', subject: name, detail: {} }, async (acting) => {
        if (!(await acting.documents.delete(keys.team(name)))) throw notFound('team', name);
        await dropGrantsOf(acting, `team:${name}`);
        acting.tell({ of: 'team', name, value: null });
      }),

    addMember: (actor, team, user) =>
      changeTeam('team.add-member', actor, team, user, (members) => [...new Set([...members, user])]),

    removeMember: (actor, team, user) =>
      changeTeam('team.remove-member', actor, team, user, (members) =>
        members.filter((member) => member !== user),
      ),
  };
}
