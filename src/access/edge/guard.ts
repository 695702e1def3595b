/**
 * What lets requests in: finds out who asks, by the replica alone wherever that will do, and says what stands against what he
 * wants. A token that the replica does not know is asked about at the origin, once for all who present it.
 */
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { Exchange } from '../../exchange.ts';
import type { Deed, GivenTicket, Identity, Right, TicketWish } from '../../identity.ts';
import { credentialIn } from '../credential.ts';
import type { Refusal } from '../identify.ts';
import type { Replica } from '../replica/replica.ts';
import { digestOfToken, hashOfToken, type TokenText } from '../token.ts';
import type { Notes } from './notes.ts';
import type { Strangers } from './strangers.ts';
import { type ReadTicket, type Tickets, ticketS } from './tickets.ts';

export interface Guard {
  /** Whether everybody may read everything of a route that is not restricted. */
  isOpen(route: string): boolean;
  /**
   * Who asks. Waits only for tokens that the replica does not know.
   * @throws `unauthenticated`, `access-unknown`.
   */
  identify(exchange: Exchange): Identity | Promise<Identity>;
  /** Whether there is a credential at all, good or not. */
  shows(exchange: Exchange): boolean;
  /**
   * A ticket for whoever the request shows, by a token, by a user's name and password, or for nobody in particular.
   * @throws as `identify`, and as `Accounts.logIn`.
   */
  giveTicket(exchange: Exchange, wanted: WantedTicket): Promise<GivenTicket>;
  /** The token of who asks, where the replica knows it and it is good; `null` otherwise. Asks nobody, and notes nothing. */
  holder(exchange: Exchange): string | null;
  /** What stands against it, and is written down; `null`: nothing. */
  denial(identity: Identity, deed: Deed, exchange: Exchange): MeridianError | null;
}

export interface WantedTicket extends Pick<TicketWish, 'keep'> {
  readonly rights: readonly Right[];
}

/** The token that stands for a user who has shown his password. */
export interface PasswordToken {
  /** Its SHA-256, as records have it. */
  readonly hash: string;
  /** `null`: it is for nobody to keep. */
  readonly text: string | null;
}

export interface GuardOptions {
  readonly replica: Replica;
  readonly strangers: Strangers;
  readonly notes: Notes;
  readonly tickets: Tickets;
  /** Has the origin look at a password. @throws `wrong-password`, `too-many-attempts`, and whatever asking throws. */
  readonly logIn: (
    proof: { readonly user: string; readonly password: string },
    exchange: Exchange,
    keep: string | null,
  ) => Promise<PasswordToken>;
  /** For how long nothing has been heard for sure of what the origin knows, ms. */
  readonly unheardMs: () => number;
  /** Beyond which no token is good, ms. */
  readonly trustMs: () => number;
  readonly clock: Clock;
}

/** A token, by its SHA-256. */
interface Shown {
  readonly digest: () => Uint8Array;
  readonly hash: () => string;
}

export function guard(options: GuardOptions): Guard {
  const { replica, strangers, notes, tickets, unheardMs, trustMs, clock } = options;

  function known({ digest }: Shown, exchange: Exchange): Identity | 'unknown' {
    // Not when it arrived: it may have waited since.
    const nowMs = clock.now();
    const found = replica.identifyByDigest(digest(), nowMs, () => exchange.client());
    if (typeof found !== 'string') {
      if (found.token !== null) notes.used(found.token, nowMs);
      return found;
    }
    if (found === 'unknown') return found;
    throw unauthenticated(guardReasons[found]);
  }

  async function ask(shown: Shown, exchange: Exchange): Promise<Identity> {
    if (!(await strangers.introduce(shown.hash()))) throw unauthenticated(guardReasons.unknown);
    const found = known(shown, exchange);
    if (found === 'unknown') throw unauthenticated(guardReasons.unknown);
    return found;
  }

  function identified(shown: Shown, exchange: Exchange): Identity | Promise<Identity> {
    const forMs = unheardMs();
    if (forMs > trustMs()) throw cutOff(forMs);
    const found = known(shown, exchange);
    return found === 'unknown' ? ask(shown, exchange) : found;
  }

  function holding(text: string, exchange: Exchange): Identity | Promise<Identity> {
    const ticket = tickets.read(text);
    if (ticket === null)
      throw unauthenticated('The token is not of this network, or has been cut off on its way.');
    if (clock.now() >= ticket.expiresMs) throw unauthenticated(guardReasons.expired);
    if (ticket.holder === null) return within(ticket, replica.anonymous);
    const found = identified(byHash(ticket.holder), exchange);
    return found instanceof Promise
      ? found.then((identity) => within(ticket, identity))
      : within(ticket, found);
  }

  async function ticketHolder(exchange: Exchange, keep: string | null): Promise<PasswordToken | null> {
    const credential = credentialIn(exchange.headers);
    switch (credential.as) {
      case 'none':
        return null;
      case 'malformed':
        throw unauthenticated(credential.why);
      case 'ticket':
        throw unauthenticated('A token that is good for a while gives no other one.');
      case 'token': {
        const shown = byText(credential.token);
        await identified(shown, exchange);
        return { hash: shown.hash(), text: null };
      }
      case 'password': {
        const forMs = unheardMs();
        if (forMs > trustMs()) throw cutOff(forMs);
        const { user, password } = credential;
        const token = await options.logIn({ user, password }, exchange, keep);
        // So that the first request with the ticket need not wait for it.
        await identified(
          byHash({ hash: token.hash, digest: Buffer.from(token.hash, 'base64url') }),
          exchange,
        );
        return token;
      }
    }
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
        case 'ticket':
          return holding(credential.text, exchange);
        case 'token':
          return identified(byText(credential.token), exchange);
      }
    },

    shows: ({ headers }) => credentialIn(headers).as !== 'none',

    async giveTicket(exchange, { rights, keep }) {
      const holder = await ticketHolder(exchange, keep);
      const text = tickets.write(holder?.hash ?? null, rights);
      return { text, forS: ticketS, givenMs: clock.now(), kept: holder?.text ?? null };
    },

    holder(exchange) {
      const credential = credentialIn(exchange.headers);
      const digest =
        credential.as === 'token'
          ? digestOfToken(credential.token)
          : credential.as === 'ticket' && (tickets.read(credential.text)?.holder?.digest ?? null);
      if (!digest) return null;
      const found = replica.identifyByDigest(digest, clock.now(), () => exchange.client());
      return typeof found === 'string' ? null : found.token;
    },

    denial(identity, deed, exchange) {
      if (identity.may(deed)) return null;
      const what = deed.subject === '' ? `the route ${deed.route}` : `${deed.subject} (route ${deed.route})`;
      if (identity.whole?.may(deed) === true) {
        const detail = `The token is not for this: it was not asked for to ${verbs[deed.action]} ${what}.`;
        return new MeridianError('scope-too-narrow', detail);
      }
      // Somebody without a credential may have forgotten it, and is not told more.
      if (identity.token === null)
        return unauthenticated(`Nobody may ${verbs[deed.action]} ${what} without a token.`);
      notes.denied({ identity, deed, from: exchange.client(), atMs: clock.now() });
      const detail = `${identity.name} may not ${verbs[deed.action]} ${what} with the token ${identity.token}`;
      return new MeridianError('forbidden', detail);
    },
  };
}

function byText(token: TokenText): Shown {
  return { digest: () => digestOfToken(token), hash: () => hashOfToken(token) };
}

function byHash({ hash, digest }: { readonly hash: string; readonly digest: Uint8Array }): Shown {
  return { digest: () => digest, hash: () => hash };
}

/** What its holder may do, and it is good for. */
function within({ isFor, rights }: ReadTicket, whole: Identity): Identity {
  const { name, token } = whole;
  return { name, token, whole, only: rights, may: (deed) => isFor(deed) && whole.may(deed) };
}

const verbs = {
  read: 'read',
  publish: 'publish',
  delete: 'delete from',
  admin: 'administer',
  prefetch: 'prefetch from',
} as const;

/** Why nobody is let in with what he brings. */
export const guardReasons: Readonly<Record<Refusal | 'password' | 'ticket', string>> = {
  password: 'A user name and password are good for logging in only, not for this request.',
  ticket: 'The token is for some things alone, of which this is none.',
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
