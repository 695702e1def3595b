/**
 * Tickets: credentials that are good for a few minutes and for some things alone. A PoP gives one to whoever shows who he is, for clients
 * that ask for one before each piece of work. Nothing is kept of it: it names the token that stands behind it, and is worth nothing when
 * that one is not.
 */
import type { Right } from './identity.ts';
import type { Answered } from './resource.ts';

/** What a request for a ticket says. */
export interface TicketWish {
  /** What shows who asks; `null`: the request's own fields, or nobody in particular. */
  readonly shown: ShownSecret | null;
  /** What the ticket is to be good for, on this route. Of that, it gives what its holder may do when he does it. */
  readonly rights: readonly Pick<Right, 'actions' | 'subjects'>[];
  /** A token that the client can keep instead of his password, by what it is called where tokens are listed; `null`: it wants none. */
  readonly keep: string | null;
}

/** A user's name with his password or a token in the place of it. Of a token alone, the name is of no account. */
export interface ShownSecret {
  readonly user: string;
  readonly secret: string;
}

export interface GivenTicket {
  readonly text: string;
  /** How long it is good. */
  readonly forS: number;
  /** ms since the epoch. */
  readonly givenMs: number;
  /** What the client keeps instead of the password; `null`: it has not asked for that, or has shown a token. */
  readonly kept: string | null;
}

/** A request for a ticket, which the PoP answers (`node/ticket.ts`). */
export interface Ticketing {
  readonly as: 'ticket';
  readonly kind: string;
  /** @throws MeridianError for a request that cannot be understood. */
  readonly wish: () => Promise<TicketWish>;
  /** In the protocol's words. */
  readonly told: (given: GivenTicket) => Answered;
}
