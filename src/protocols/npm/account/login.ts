/**
 * Logging in. In a browser: the client begins, its user opens the page and shows who he is, the client asks until there is a
 * token for it. Or at the terminal, as CouchDB had it: name and password in one document.
 */

import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import type { Exchange } from '../../../exchange.ts';
import type { Accounts, Proof } from '../../../identity.ts';
import { jsonAnswer } from '../canonical.ts';
import { Refusal } from '../hosted/refusal.ts';
import { addressField } from '../name-account.ts';
import { readForm, readObject } from './body.ts';
import { loginPage, messagePage } from './page.ts';

/** Between two questions of a client that waits, seconds. */
const POLL_S = 1;

/** `POST /-/v1/login`. */
export function beginLogin(exchange: Exchange, accounts: Accounts): Answer {
  const address = exchange.headers.get(addressField);
  if (address === null) throw new MeridianError('internal', 'The PoP has not said what it is called.');
  const { page, done } = accounts.beginLogin(addressOf(exchange));
  // As a parameter of this name it stays out of logs.
  return jsonAnswer(200, {
    loginUrl: `${address}/-/v1/login?session=${page}`,
    doneUrl: `${address}/-/v1/done?session=${done}`,
  });
}

/** `GET /-/v1/done?session=…`: 202 while nobody has logged in, then the token, once. */
export async function takeLogin(exchange: Exchange, accounts: Accounts): Promise<Answer> {
  const taken = await accounts.takeLogin(sessionIn(exchange), labelFor(exchange));
  if (taken !== null) return jsonAnswer(200, { token: taken.text });
  const answer = jsonAnswer(202, {});
  answer.headers.set('retry-after', String(POLL_S));
  return answer;
}

/** `GET` and `POST /-/v1/login?session=…`, for people. */
export async function loginInBrowser(exchange: Exchange, accounts: Accounts): Promise<Answer> {
  let from: string | null;
  try {
    from = await accounts.begunFrom(sessionIn(exchange));
  } catch (thrown) {
    return overPage(thrown);
  }
  const canSignUp = accounts.isOpen;
  if (exchange.method === 'GET') return loginPage({ from, canSignUp }, 200);
  refuseOtherSites(exchange);
  const form = await readForm(exchange);
  const [user, password] = [form.get('user') ?? '', form.get('password') ?? ''];
  const create = form.get('act') === 'create' ? { email: null } : null;
  try {
    await accounts.finishLogin(sessionIn(exchange), { user, password, create }, addressOf(exchange));
  } catch (thrown) {
    if (!(thrown instanceof MeridianError)) throw thrown;
    if (thrown.code === 'no-such-record') return overPage(thrown);
    const { row, detail: problem, retryAfterS } = thrown;
    if (row.blame !== 'client') throw thrown;
    // To 401, browsers answer with a dialogue of their own.
    return loginPage({ from, canSignUp, user, problem }, row.status === 401 ? 403 : row.status, retryAfterS);
  }
  return messagePage(200, 'Logged in', `You are logged in as ${user}. You can close this page.`);
}

/** `PUT /-/user/org.couchdb.user:<name>`, with or without a revision, which is of no account. */
export async function logInAtTerminal(exchange: Exchange, accounts: Accounts, user: string): Promise<Answer> {
  const { name, password, email } = await readObject(exchange);
  if (name !== user) throw new Refusal(400, 'The name in the document is not the one in the address.');
  if (typeof password !== 'string') throw new Refusal(400, 'A password is missing.');
  // `npm adduser` says the address of the user, `npm login` does not.
  const create = typeof email === 'string' && email !== '' ? { email: email.slice(0, 254) } : null;
  const proof: Proof = { user, password, create: accounts.isOpen ? create : null };
  const { text } = await accounts.logIn(proof, addressOf(exchange), labelFor(exchange));
  const id = `org.couchdb.user:${user}`;
  return jsonAnswer(201, { ok: `you are authenticated as '${user}'`, id, rev: '1-0', token: text });
}

export function addressOf({ tier }: Exchange): string | null {
  return tier?.caller?.address ?? null;
}

function labelFor(exchange: Exchange): string {
  return `npm login from ${addressOf(exchange) ?? 'an unknown address'}`;
}

export function namesSession({ query }: Exchange): boolean {
  return new URLSearchParams(query).has('session');
}

function sessionIn({ query }: Exchange): string {
  return new URLSearchParams(query).get('session') ?? '';
}

/** Nobody can be made to log in, as somebody else, by a form of another site. */
function refuseOtherSites({ headers }: Exchange): void {
  const site = headers.get('sec-fetch-site');
  if (site !== null) {
    if (site === 'same-origin' || site === 'none') return;
    throw new Refusal(403, 'The form was sent from another site.');
  }
  const origin = headers.get('origin');
  if (origin === null || hostOf(origin) === hostOf(headers.get(addressField) ?? '')) return;
  throw new Refusal(403, 'The form was sent from another site.');
}

/** `null` for what is no address, which then is nobody's. */
function hostOf(address: string): string | null {
  return URL.canParse(address) ? new URL(address).host : null;
}

function overPage(thrown: unknown): Answer {
  if (!(thrown instanceof MeridianError) || thrown.code !== 'no-such-record') throw thrown;
  return messagePage(404, 'Not any more', 'This login has expired or been used. Run npm login again.');
}
