/** `npm profile get` and `set`: what a user says of himself, and his password. */
import type { Answer } from '../../../entry.ts';
import type { Exchange } from '../../../exchange.ts';
import type { Accounts, Asker } from '../../../identity.ts';
import { jsonAnswer } from '../canonical.ts';
import { Refusal } from '../hosted/refusal.ts';
import { readObject } from './body.ts';

/** What npm lets users say, besides their address. */
const words = ['fullname', 'homepage', 'freenode', 'twitter', 'github'] as const;

export const noSecondFactor =
  'Two-factor authentication is not offered here: use tokens that expire, or are good for few addresses and packages (npm token create --expires --cidr --packages).';

/** `GET /-/npm/v1/user`. @param name of a user, or of a machine, which says nothing of itself. */
export async function showProfile(accounts: Accounts, name: string): Promise<Answer> {
  const user = await accounts.user(name);
  const said = user === null ? {} : await accounts.profile(name);
  const created = user && new Date(user.createdMs).toISOString();
  const known = { name, email: user?.email ?? '', email_verified: false, tfa: false };
  const told = Object.fromEntries(words.map((word) => [word, said[word] ?? '']));
  return jsonAnswer(200, { ...known, ...told, ...(created !== null && { created, updated: created }) });
}

/** `POST /-/npm/v1/user`: npm sends all that it knows of the profile, with what is to be changed; what is empty comes as `null`. */
export async function changeProfile(
  exchange: Exchange,
  accounts: Accounts,
  asker: Asker,
  name: string,
): Promise<Answer> {
  const body = await readObject(exchange);
  if (body['tfa'] !== undefined && body['tfa'] !== null) throw new Refusal(403, noSecondFactor);
  const given = Object.keys(body).filter((member) => words.some((word) => word === member));
  const email = textIn(body, 'email');
  const password = passwordsIn(body['password']);
  await accounts.changeProfile(asker, {
    words: Object.fromEntries(given.map((word) => [word, textIn(body, word) ?? null])),
    ...(email !== undefined && { email }),
    ...(password !== null && { password }),
  });
  return showProfile(accounts, name);
}

/** `undefined` where it is not said. */
function textIn(body: Readonly<Record<string, unknown>>, member: string): string | null | undefined {
  const value = body[member];
  if (value === undefined || value === null) return value;
  if (typeof value === 'string') return value === '' ? null : value;
  throw new Refusal(400, `${member} is not a text.`);
}

function passwordsIn(value: unknown): { readonly old: string; readonly new: string } | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'object' && 'old' in value && 'new' in value) {
    const { old, new: next } = value;
    if (typeof old === 'string' && typeof next === 'string') return { old, new: next };
  }
  throw new Refusal(400, 'Of a password, the one that there is and the new one have to be said.');
}
