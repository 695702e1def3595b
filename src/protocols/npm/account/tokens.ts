/** One's own tokens: `npm token list`, `create`, `revoke`, and `npm logout`. */

import type { Answer } from '../../../entry.ts';
import type { Exchange } from '../../../exchange.ts';
import type { Accounts, Asker, HeldToken, Right } from '../../../identity.ts';
import { jsonAnswer } from '../canonical.ts';
import { Refusal } from '../hosted/refusal.ts';
import { isNewPackageName } from '../path.ts';
import { readObject } from './body.ts';

/** `GET /-/npm/v1/tokens`: all at once. */
export async function listTokens(accounts: Accounts, asker: Asker): Promise<Answer> {
  const tokens = await accounts.tokens(asker);
  // Of a token, nobody knows more than that they all begin so.
  const objects = tokens.map((token) => ({ token: 'mrd_', ...shown(token) }));
  return jsonAnswer(200, { objects, total: objects.length, urls: {} });
}

/** `POST /-/npm/v1/tokens`. */
export async function createToken(
  exchange: Exchange,
  accounts: Accounts,
  asker: Asker,
  route: string,
): Promise<Answer> {
  const body = await readObject(exchange);
  const { password, name, description, expires } = body;
  if (typeof password !== 'string') throw new Refusal(400, 'A token is made for who says his password.');
  const { text, token } = await accounts.makeToken(asker, password, {
    label: [name, description].filter((word) => typeof word === 'string').join(': ') || 'npm token create',
    expiresMs: expires === undefined ? null : exchange.nowMs + daysIn(expires) * 86_400_000,
    addresses: wordsIn(body, 'cidr_whitelist'),
    limit: limitIn(body, route),
  });
  return jsonAnswer(200, { token: text, ...shown(token) });
}

/** `DELETE /-/npm/v1/tokens/token/<id>`, `DELETE /-/user/token/<token>`. */
export async function revokeToken(accounts: Accounts, asker: Asker, which: string): Promise<Answer> {
  await accounts.revokeToken(asker, which);
  return jsonAnswer(200, { ok: true });
}

function shown({ id, label, createdMs, expiresMs, addresses, limit }: HeldToken): Record<string, unknown> {
  const created = new Date(createdMs).toISOString();
  return {
    ...{ key: id, name: label, created, updated: created },
    readonly: limit?.every(({ actions }) => actions.every((action) => action === 'read')) ?? false,
    cidr_whitelist: addresses.length === 0 ? null : addresses,
    ...(expiresMs !== null && { expires: new Date(expiresMs).toISOString() }),
  };
}

/** What a token is limited to; `null`: nothing. */
function limitIn(body: Readonly<Record<string, unknown>>, route: string): readonly Right[] | null {
  if (wordsIn(body, 'orgs').length > 0)
    throw new Refusal(400, 'There are no organisations here: limit a token to scopes (--scopes).');
  const permission = body['packages_and_scopes_permission'];
  if (permission === 'no-access') throw new Refusal(400, 'A token without access is good for nothing.');
  const packages = wordsIn(body, 'packages');
  const wrong = packages.find((name) => !isNewPackageName(name));
  if (wrong !== undefined) throw new Refusal(400, `${wrong} is not the name of a package.`);
  const scopes = wordsIn(body, 'scopes').map((scope) => (scope.startsWith('@') ? scope : `@${scope}`));
  const bad = scopes.find((scope) => !isNewPackageName(`${scope}/a`));
  if (bad !== undefined) throw new Refusal(400, `${bad} is not a scope.`);
  const subjects = [...packages, ...scopes.map((scope) => `${scope}/*`)];
  const readsOnly = body['readonly'] === true || permission === 'read-only';
  const isForAll = subjects.length === 0 || body['packages_all'] === true;
  if (!readsOnly && isForAll && permission === undefined) return null;
  const actions = readsOnly ? (['read'] as const) : (['read', 'publish', 'delete'] as const);
  return [{ actions, routes: [route], subjects: isForAll ? ['*'] : subjects }];
}

function wordsIn(body: Readonly<Record<string, unknown>>, member: string): readonly string[] {
  const value = body[member] ?? [];
  if (Array.isArray(value) && value.every((word) => typeof word === 'string')) return value;
  throw new Refusal(400, `${member} is not a list of words.`);
}

function daysIn(expires: unknown): number {
  if (typeof expires === 'number' && expires >= 1 && expires <= 36_500) return expires;
  throw new Refusal(400, 'A token expires after a number of days from 1 to 36,500.');
}
