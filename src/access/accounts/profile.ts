/** What somebody changes of his own account: his address, words about himself, his password, for which he says the one he has. */

import { MeridianError } from '../../errors.ts';
import type { Asker, ProfileChange, Proof } from '../../identity.ts';
import { password as newPassword } from '../record.ts';
import { profileWords } from '../register/profiles.ts';
import type { Register } from '../register/register.ts';
import { actorOf, userBehind } from './asker.ts';

interface Changing {
  readonly register: Register;
  /** The user who is behind it. @throws `wrong-password`, `too-many-attempts`. */
  readonly proven: (proof: Proof, address: string | null) => Promise<string>;
}

/** Nothing is changed unless all of it may be. */
export async function changeProfile(
  asker: Asker,
  { email, words, password }: ProfileChange,
  { register, proven }: Changing,
): Promise<void> {
  const name = userBehind(asker);
  const shown = asker.identity.token === null ? null : await register.token(asker.identity.token);
  if (shown === null || shown.limit !== null)
    throw new MeridianError('forbidden', 'a token that is limited changes nothing of the account');
  const user = await register.user(name);
  if (user === null) throw new MeridianError('no-such-record', `there is no user ${name}`);
  if (typeof email === 'string' && !(email.length <= 254 && /^[^\s@]+@[^\s@]+$/.test(email)))
    throw malformed(`${email.slice(0, 254)} is no address for mail`);
  const next = { ...(await register.profile(name)) };
  for (const [what, word] of Object.entries(words)) {
    if (word === null) delete next[what];
    else next[what] = word;
  }
  if (!profileWords.safeParse(next).success) throw malformed('what a profile says has at most 254 letters');
  if (password !== undefined) {
    if (!newPassword.safeParse(password.new).success)
      throw malformed('a password has 10 to 1,024 characters');
    await proven({ user: name, password: password.old, create: null }, asker.address);
    await register.setPassword(actorOf(asker), name, password.new);
  }
  await register.setProfile(actorOf(asker), name, email === undefined ? user.email : email, next);
}

function malformed(why: string): MeridianError {
  return new MeridianError('request-malformed', why);
}
