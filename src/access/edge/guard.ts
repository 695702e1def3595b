/**
 * What lets requests in: finds out who asks, by the replica alone wherever that will do, and says what stands against what he
 * wants. A token that the replica does not know is asked about at the origin, once for all who present it.
 */
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { Exchange } from '../../exchange.ts';
import type { Deed, Identity } from '../../identity.ts';
import { credentialIn } from '../credential.ts';
import type { Refusal } from '../identify.ts';
import type { Replica } from '../replica/replica.ts';
import { hashOfToken, type TokenText } from '../token.ts';
import type { Notes } from './notes.ts';
import type { Strangers } from './strangers.ts';

export interface Guard {
  /** Whether everybody may read everything of a route that is not restricted. */
  isOpen(route: string): boolean;
  /**
   * Who asks. Waits only for tokens that the replica does not know.
   * @throws `unauthenticated`, `access-unknown`.
   */
  identify(exchange: Exchange): Identity | Promise<Identity>;
  /** The token of who asks, where the replica knows it and it is good; `null` otherwise. Asks nobody, and notes nothing. */
  holder(exchange: Exchange): string | null;
  /** What stands against it, and is written down; `null`: nothing. */
  denial(identity: Identity, deed: Deed, exchange: Exchange): MeridianError | null;
}

export interface GuardOptions {
  readonly replica: Replica;
  readonly strangers: Strangers;
  readonly notes: Notes;
  /** For how long nothing has been heard for sure of what the origin knows, ms. */
  readonly unheardMs: () => number;
  /** Beyond which no token is good, ms. */
  readonly trustMs: () => number;
  readonly clock: Clock;
}

export function guard({ replica, strangers, notes, unheardMs, trustMs, clock }: GuardOptions): Guard {
  function known(token: TokenText, exchange: Exchange): Identity | 'unknown' {
    // Not when it arrived: it may have waited since.
    const nowMs = clock.now();
    const found = replica.identify(token, nowMs, () => exchange.client());
    if (typeof found !== 'string') {
      if (found.token !== null) notes.used(found.token, nowMs);
      return found;
    }
    if (found === 'unknown') return found;
    throw unauthenticated(guardReasons[found]);
  }

  async function ask(token: TokenText, exchange: Exchange): Promise<Identity> {
    if (!(await strangers.introduce(hashOfToken(token)))) throw unauthenticated(guardReasons.unknown);
    const found = known(token, exchange);
    if (found === 'unknown') throw unauthenticated(guardReasons.unknown);
    return found;
  }

  return {
    isOpen: replica.isOpen,

    identify(exchange) {
      const credential = credentialIn(exchange.headers);
      switch (credential.as) {
        case 'none':
          return replica.anonymous;
        case 'malformed':
          throw unauthenticated(credential.why);
        case 'password':
          throw unauthenticated(guardReasons.password);
        case 'token': {
          const forMs = unheardMs();
          if (forMs > trustMs()) throw cutOff(forMs);
          const found = known(credential.token, exchange);
          return found === 'unknown' ? ask(credential.token, exchange) : found;
        }
      }
    },

    holder(exchange) {
      const credential = credentialIn(exchange.headers);
      if (credential.as !== 'token') return null;
      const found = replica.identify(credential.token, clock.now(), () => exchange.client());
      return typeof found === 'string' ? null : found.token;
    },

    denial(identity, deed, exchange) {
      if (identity.may(deed)) return null;
      const what = deed.subject === '' ? `the route ${deed.route}` : `${deed.subject} (route ${deed.route})`;
      // Somebody without a credential may have forgotten it, and is not told more.
      if (identity.token === null)
        return unauthenticated(`Nobody may ${verbs[deed.action]} ${what} without a token.`);
      notes.denied({ identity, deed, from: exchange.client(), atMs: clock.now() });
      const detail = `${identity.name} may not ${verbs[deed.action]} ${what} with the token ${identity.token}`;
      return new MeridianError('forbidden', detail);
    },
  };
}

const verbs = { read: 'read', publish: 'publish', delete: 'delete from', admin: 'administer' } as const;

/** Why nobody is let in with what he brings. */
export const guardReasons: Readonly<Record<Refusal | 'password', string>> = {
  password: 'A user name and password are good for logging in only, not for this request.',
  unknown: 'The token is not known: it may have been revoked.',
  expired: 'The token has expired.',
  elsewhere: 'The token is not good for requests from this address.',
  disabled: 'Whoever the token belongs to is disabled.',
};

export function unauthenticated(why: string): MeridianError {
  return new MeridianError('unauthenticated', why);
}

function cutOff(forMs: number): MeridianError {
  const detail = `nothing has been heard of tokens and rights for ${Math.round(forMs / 1000)} s`;
  return new MeridianError('access-unknown', detail, { retryAfterS: 5 });
}
