/**
 * What users say of themselves, besides their address: a few words, which decide nothing.
 */
import { z } from 'zod';
import type { DocumentReader } from '../../store.ts';
import type { User } from '../record.ts';
import type { Act } from './act.ts';
import type { Actor } from './actor.ts';
import { documents, find, keys } from './documents.ts';
import { notFound } from './not-found.ts';

/** By what it is about (`fullname`). */
export const profileWords = z.record(z.string().max(32), z.string().max(254));
export type ProfileWords = Readonly<z.output<typeof profileWords>>;

export interface Profiles {
  /** Empty for who has said nothing. */
  profile(user: string): Promise<ProfileWords>;
  /** All of it anew, with his address. @throws `no-such-record`. */
  setProfile(actor: Actor, user: string, email: string | null, words: ProfileWords): Promise<User>;
}

export function profiles(reader: DocumentReader, act: Act): Profiles {
  return {
    profile: async (user) => (await find(reader, profileWords, keys.profile(user))) ?? {},

    setProfile: (actor, user, email, words) =>
      act(
        { ...actor, what: 'user.profile', subject: user, detail: {} },
        async ({ documents: written, tell }) => {
          const found = await find(written, documents.user, keys.user(user));
          if (found === null) throw notFound('user', user);
          await written.put(keys.profile(user), words);
          const value: User = { ...found, email };
          if (email !== found.email) {
            await written.put(keys.user(user), value);
            tell({ of: 'user', name: user, value });
          }
          return value;
        },
      ),
  };
}
