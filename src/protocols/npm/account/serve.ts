/** Requests about accounts, at the origin, and which file carries them out. */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import type { Exchange } from '../../../exchange.ts';
import type { Accounts, Asker } from '../../../identity.ts';
import type { Mount, OriginDoor } from '../../../protocol.ts';
import { jsonAnswer } from '../canonical.ts';
import { Refusal } from '../hosted/refusal.ts';
import { addressOf, beginLogin, logInAtTerminal, loginInBrowser, namesSession, takeLogin } from './login.ts';
import { readAccount } from './path.ts';
import { createToken, listTokens, revokeToken } from './tokens.ts';

export async function serveAccount(mount: Mount, exchange: Exchange, origin: OriginDoor): Promise<Answer> {
  const { accounts } = origin;
  if (accounts === null) throw new MeridianError('internal', 'This origin has no records of accounts.');
  try {
    return await carryOut(mount, exchange, accounts);
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.answer;
    if (thrown instanceof MeridianError && thrown.row.blame === 'client') return refusalOf(thrown);
    throw thrown;
  }
}

async function carryOut(mount: Mount, exchange: Exchange, accounts: Accounts): Promise<Answer> {
  const wanted = readAccount(exchange.path.slice(mount.prefix.length));
  const { method } = exchange;
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
      return exchangeToken(mount, exchange, accounts, wanted.name);
    case 'whoami':
      return jsonAnswer(200, { username: shortName(askerIn(exchange)) });
    case 'profile':
      return profile(accounts, askerIn(exchange));
    case 'tokens':
      return method === 'POST'
        ? createToken(exchange, accounts, askerIn(exchange), mount.route)
        : listTokens(accounts, askerIn(exchange));
    case 'token':
      return revokeToken(accounts, askerIn(exchange), wanted.which);
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

async function profile(accounts: Accounts, asker: Asker): Promise<Answer> {
  const name = shortName(asker);
  const user = await accounts.user(name);
  const created = user && new Date(user.createdMs).toISOString();
  const known = { name, email: user?.email ?? '', email_verified: false, tfa: false, fullname: '' };
  return jsonAnswer(200, { ...known, ...(created !== null && { created, updated: created }) });
}

/** Trusted publishing: a CI job shows its identity token, and may publish this package for a few minutes. */
async function exchangeToken(
  { route }: Mount,
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
function refusalOf({ row, detail, code, retryAfterS }: MeridianError): Answer {
  const answer = jsonAnswer(row.status, { error: `${detail}. ${row.advice}`, message: detail, code });
  if (row.status === 401) answer.headers.set('www-authenticate', 'Basic realm="meridian", charset="UTF-8"');
  if (retryAfterS !== undefined) answer.headers.set('retry-after', String(retryAfterS));
  return answer;
}
