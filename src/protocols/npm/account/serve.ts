/** Requests about accounts, at the origin, and which file carries them out. */

import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import type { Exchange } from '../../../exchange.ts';
import type { Accounts, Asker } from '../../../identity.ts';
import type { OriginDoor } from '../../../protocol.ts';
import { jsonAnswer } from '../canonical.ts';
import { Refusal } from '../hosted/refusal.ts';
import type { NpmOrigin } from '../origin.ts';
import { addressOf, beginLogin, logInAtTerminal, loginInBrowser, namesSession, takeLogin } from './login.ts';
import { type Listing, packagesOfScope, packagesOfTeam, packagesOfUser } from './packages.ts';
import { readAccount } from './path.ts';
import { changeProfile, showProfile } from './profile.ts';
import { changeTeamRights, removeTeam, serveMembers, serveTeams } from './teams.ts';
import { createToken, listTokens, revokeToken } from './tokens.ts';

export async function serveAccount(npm: NpmOrigin, exchange: Exchange, origin: OriginDoor): Promise<Answer> {
  const { accounts } = origin;
  if (accounts === null) throw new MeridianError('internal', 'This origin has no records of accounts.');
  try {
    return await carryOut(npm, exchange, accounts, origin);
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.answer;
    if (thrown instanceof MeridianError && thrown.row.blame === 'client') return refusalOf(thrown);
    throw thrown;
  }
}

async function carryOut(
  npm: NpmOrigin,
  exchange: Exchange,
  accounts: Accounts,
  origin: OriginDoor,
): Promise<Answer> {
  const wanted = readAccount(exchange.path.slice(npm.prefix.length));
  const { method } = exchange;
  const listing = (): Listing => {
    return { npm, origin, route: npm.route, exchange, asker: askerIn(exchange), teams: accounts.teams };
  };
  switch (wanted.of) {
    case 'login':
      return method === 'POST' && !namesSession(exchange)
        ? beginLogin(exchange, accounts)
        : loginInBrowser(exchange, accounts);
    case 'done':
      return takeLogin(exchange, accounts);
    case 'user':
      if (method === 'PUT') return logInAtTerminal(exchange, accounts, wanted.user);
      askerIn(exchange);
      return userAnswer(accounts, wanted.user);
    case 'exchange':
      return exchangeToken(npm, exchange, accounts, wanted.name);
    case 'whoami':
      return jsonAnswer(200, { username: shortName(askerIn(exchange)) });
    case 'profile':
      return serveProfile(exchange, accounts, askerIn(exchange));
    case 'tokens':
      return method === 'POST'
        ? createToken(exchange, accounts, askerIn(exchange), npm.route)
        : listTokens(accounts, askerIn(exchange));
    case 'token':
      return revokeToken(accounts, askerIn(exchange), wanted.which);
    case 'teams':
      return serveTeams(listing(), wanted.scope);
    case 'team':
      return removeTeam(listing(), wanted.team);
    case 'members':
      return serveMembers(listing(), wanted.team);
    case 'team-packages':
      return method === 'GET'
        ? packagesOfTeam(listing(), wanted.team)
        : changeTeamRights(listing(), wanted.team);
    case 'scope-packages':
      return packagesOfScope(listing(), wanted.scope);
    case 'user-packages':
      return packagesOfUser(listing(), wanted.user);
    case 'elsewhere':
      throw new MeridianError('internal', 'The npm protocol does not pass this on.');
  }
}

/** By the origin's own records: a token that the PoP has taken for good may have been revoked since. */
function askerIn(exchange: Exchange): Asker {
  const { identity } = exchange;
  if (identity === undefined || identity.token === null) throw new Refusal(401, 'You are not logged in.');
  return { identity, address: addressOf(exchange) };
}

/** `alice` for a user, `machine:ui` for a machine. */
function shortName({ identity }: Asker): string {
  return identity.name.startsWith('user:') ? identity.name.slice('user:'.length) : identity.name;
}

/** For `npm owner`, which looks up who it adds. */
async function userAnswer(accounts: Accounts, name: string): Promise<Answer> {
  const user = await accounts.user(name);
  if (user === null) throw new Refusal(404, `There is no user ${name}.`);
  const email = user.email ?? '';
  return jsonAnswer(200, { _id: `org.couchdb.user:${name}`, _rev: '1-0', name, email, type: 'user' });
}

function serveProfile(exchange: Exchange, accounts: Accounts, asker: Asker): Promise<Answer> {
  const name = shortName(asker);
  return exchange.method === 'POST'
    ? changeProfile(exchange, accounts, asker, name)
    : showProfile(accounts, name);
}

/** Trusted publishing: a CI job shows its identity token, and may publish this package for a few minutes. */
async function exchangeToken(
  { route }: NpmOrigin,
  exchange: Exchange,
  accounts: Accounts,
  name: string,
): Promise<Answer> {
  const shown = /^bearer (.+)$/i.exec(exchange.headers.get('authorization') ?? '')?.[1];
  if (shown === undefined) throw new Refusal(401, 'The identity token of the job is missing.');
  const limit = [{ actions: ['read', 'publish'], routes: [route], subjects: [name] }] as const;
  const { text, token } = await accounts.exchange(shown, addressOf(exchange), limit);
  const expires = token.expiresMs === null ? null : new Date(token.expiresMs).toISOString();
  const created = new Date(token.createdMs).toISOString();
  return jsonAnswer(201, { token_type: 'oidc', token: text, created, expires });
}

/** In the form in which npm shows one. */
function refusalOf({ row, detail, code, retryAfterS, explanation }: MeridianError): Answer {
  const answer = jsonAnswer(row.status, { error: explanation, message: detail, code });
  if (row.status === 401) answer.headers.set('www-authenticate', 'Basic realm="meridian", charset="UTF-8"');
  if (retryAfterS !== undefined) answer.headers.set('retry-after', String(retryAfterS));
  return answer;
}
