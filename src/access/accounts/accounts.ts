/**
 * Accounts as clients' own commands know them: logging in with a password, at a terminal or in a browser, and looking after
 * one's own tokens. Passwords are compared here and nowhere else, no faster than `attempts` lets them.
 */

import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { Accounts, Asker, GivenToken, HeldToken, Proof } from '../../identity.ts';
import type { Exchange } from '../oidc/exchange.ts';
import { name as nameOfUser, password as newPassword, token as tokenRecord } from '../record.ts';
import type { Actor } from '../register/actor.ts';
import type { Register } from '../register/register.ts';
import type { ListedToken, MadeToken } from '../register/tokens.ts';
import { asToken, hashOfToken } from '../token.ts';
import { actorOf, userBehind } from './asker.ts';
import type { Attempts } from './attempts.ts';
import { changeProfile } from './profile.ts';
import { type Session, sessions } from './session.ts';
import { standIns } from './stand-ins.ts';
import { openTeams } from './teams.ts';

export interface AccountSettings {
  /** Of tokens that are made by logging in, seconds. */
  readonly loginS: number;
  readonly signup: boolean;
}

export interface AccountOptions {
  readonly register: Register;
  readonly exchange: () => Exchange;
  readonly attempts: Attempts;
  readonly settings: () => AccountSettings;
  /** Of the network. */
  readonly secret: string;
  readonly clock: Clock;
}

/** How long a login in a browser may take, seconds. */
const sessionS = 600;
const maxTokens = 1_000;
/** Nobody's name or password is longer, so what is gets no further. */
const longestName = 64;
const longestPassword = 1024;

export function openAccounts(options: AccountOptions): Accounts {
  const { register, attempts, settings, secret, clock } = options;
  const begun = sessions(secret);

  /** The user who is behind it. What fails is written down. */
  async function proven({ user, password, create }: Proof, address: string | null): Promise<string> {
    const isPossible = isName(user) && password.length <= longestPassword;
    const nowMs = clock.now();
    const found = await attempts.try(user.slice(0, longestName), address, nowMs, async () => {
      const known = isPossible ? await register.withPassword(user, password) : null;
      return known ?? (create === null ? null : signUp(user, password, create.email, address));
    });
    if (found !== null) return found.name;
    const subject = user.slice(0, longestName);
    const who = { by: 'anonymous', token: null, from: address, atMs: nowMs };
    await register.appendAudit([{ ...who, what: 'denied.login', subject, detail: {} }]);
    throw new MeridianError('wrong-password', 'Wrong user name or password');
  }

  /** `null` when there is a user of this name. */
  async function signUp(user: string, password: string, email: string | null, address: string | null) {
    if (isName(user) && (await register.user(user)) !== null) return null;
    if (!settings().signup)
      throw new MeridianError('forbidden', 'New users are added by who administers the network');
    if (!isName(user))
      throw malformed('a user name has 1 to 64 letters in lower case, digits, dots, dashes and underscores');
    if (!newPassword.safeParse(password).success) throw malformed('a password has at least 10 characters');
    return register.addUser(
      { by: `user:${user}`, token: null, from: address },
      { name: user, email, password },
    );
  }

  async function loginToken(user: string, address: string | null, label: string): Promise<GivenToken> {
    const actor = { by: `user:${user}`, token: null, from: address };
    const expiresMs = clock.now() + settings().loginS * 1000;
    return given(await register.makeToken(actor, { owner: `user:${user}`, label, expiresMs }));
  }

  function session(purpose: 'page' | 'done', text: string): Session {
    const found = begun.read(purpose, text);
    if (found === null || clock.now() >= found.begunMs + sessionS * 1000)
      throw new MeridianError('no-such-record', 'this login has expired: begin another one');
    return found;
  }

  async function unfinished(page: string): Promise<Session> {
    const open = session('page', page);
    if ((await register.finishedLogin(open.id)) === null) return open;
    throw new MeridianError('no-such-record', 'this login has been used already: begin another one');
  }

  const standing = standIns({ register, proven, clock });

  return {
    get isOpen() {
      return settings().signup;
    },
    sessionS,

    async logIn(proof, address, label) {
      return loginToken(await proven(proof, address), address, label);
    },

    standIn: (shown, address) => standing.of(shown, address),

    beginLogin: (address) => begun.begin(clock.now(), address),

    async begunFrom(page) {
      return (await unfinished(page)).from;
    },

    async finishLogin(page, proof, address) {
      const { id, begunMs } = await unfinished(page);
      const user = await proven(proof, address);
      const actor: Actor = { by: `user:${user}`, token: null, from: address };
      const expiresMs = begunMs + sessionS * 1000;
      await register.finishLogin(actor, id, { user, expiresMs, taken: false });
    },

    async takeLogin(done, label) {
      const { id, from } = session('done', done);
      const user = await register.takeLogin(id);
      return user === null ? null : loginToken(user, from, label);
    },

    async exchange(jwt, address, limit) {
      return given(await options.exchange().exchange(jwt, address, limit));
    },

    async user(name) {
      const found = isName(name) ? await register.user(name) : null;
      return found && { name: found.name, email: found.email, createdMs: found.createdMs };
    },

    profile: (name) => register.profile(name),
    changeProfile: (asker, change) => changeProfile(asker, change, { register, proven }),
    teams: openTeams(register),

    tokens: (asker) => tokensOf(register, asker),

    async makeToken(asker, password, wanted) {
      const user = userBehind(asker);
      await proven({ user, password, create: null }, asker.address);
      if ((await register.tokens({ owner: `user:${user}`, limit: maxTokens })).length >= maxTokens)
        throw new MeridianError('conflict', `${user} has ${maxTokens} tokens: revoke some first`);
      const checked = tokenRecord.pick({ label: true, addresses: true, limit: true }).safeParse(wanted);
      if (!checked.success)
        throw malformed(checked.error.issues[0]?.message ?? 'there cannot be such a token');
      const { expiresMs } = wanted;
      return given(
        await register.makeToken(actorOf(asker), { ...checked.data, owner: `user:${user}`, expiresMs }),
      );
    },

    async revokeToken(asker, which) {
      const text = asToken(which);
      const wanted = text === undefined ? which : (await register.byHash(hashOfToken(text)))?.id;
      const shown = await shownBy(register, asker);
      const id = tokenRecord.shape.id.safeParse(wanted).data;
      const found = id === undefined ? null : await register.token(id);
      const isWithin = shown?.owner === found?.owner && (shown?.limit === null || shown?.id === found?.id);
      if (shown === null || found === null || !isWithin)
        throw new MeridianError('no-such-record', 'you have no such token');
      await register.revokeToken(actorOf(asker), found.id);
      // The nodes hear of it within a moment, also when this takes longer.
      await register.told(toldWithinMs);
    },
  };
}

function isName(text: string): boolean {
  return nameOfUser.safeParse(text).success;
}

const toldWithinMs = 5_000;

/** A token that is limited is for doing one thing, which is not to look after others. */
async function tokensOf(register: Register, asker: Asker): Promise<readonly HeldToken[]> {
  const shown = await shownBy(register, asker);
  if (shown === null) return [];
  return shown.limit === null ? register.tokens({ owner: shown.owner, limit: maxTokens }) : [shown];
}

/** The token by which he asks. */
async function shownBy(register: Register, { identity }: Asker): Promise<ListedToken | null> {
  const token = identity.token === null ? null : await register.token(identity.token);
  return token?.owner === identity.name ? token : null;
}

function given({ token, text }: MadeToken): GivenToken {
  const { id, label, createdMs, expiresMs, addresses, limit } = token;
  return { text, token: { id, label, createdMs, expiresMs, addresses, limit } };
}

function malformed(why: string): MeridianError {
  return new MeridianError('request-malformed', why);
}
