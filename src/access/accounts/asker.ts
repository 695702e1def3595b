/** Whoever asks something of his account, in the words of the register. */
import { MeridianError } from '../../errors.ts';
import type { Asker } from '../../identity.ts';
import type { Actor } from '../register/actor.ts';

export function actorOf({ identity, address }: Asker): Actor {
  return { by: identity.name, token: identity.token, from: address };
}

/** His name. @throws `forbidden` for machines and who is not known. */
export function userBehind({ identity }: Asker): string {
  if (identity.name.startsWith('user:')) return identity.name.slice('user:'.length);
  throw new MeridianError('forbidden', `${identity.name} is no user, and has no password`);
}
