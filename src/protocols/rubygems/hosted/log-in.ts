/** `gem signin`: a token for a name and a password, which `gem` keeps in `~/.gem/credentials`. */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import { ownAnswer } from '../../registry/answers.ts';
import type { Changing } from '../../registry/ecosystem.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';

/** @throws what `Accounts.logIn` throws. */
export async function logIn({ ask, door }: Changing): Promise<Answer> {
  const { accounts } = door;
  if (accounts === null) throw new Refusal(404, 'This network has no accounts: there is nobody to sign in.');
  const { user, password } = shownIn(ask.exchange.headers.get('authorization') ?? '');
  const address = ask.exchange.tier?.caller?.address ?? null;
  const label = `gem signin from ${address ?? 'an unknown address'}`;
  const { text } = await accounts.logIn({ user, password, create: null }, address, label);
  return ownAnswer(200, 'text/plain; charset=utf-8', text);
}

function shownIn(authorization: string): { readonly user: string; readonly password: string } {
  const base64 = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1] ?? '';
  const text = Buffer.from(base64, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon <= 0) throw new MeridianError('wrong-password', 'A name and a password are needed (Basic).');
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
