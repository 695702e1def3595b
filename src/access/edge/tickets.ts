/**
 * Tickets as a PoP gives and reads them: what a ticket says is worked out once, and remembered while it is in use.
 */
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { Deed, Right } from '../../identity.ts';
import { allowing } from '../rights.ts';
import { readTicket, writeTicket } from '../ticket.ts';

/** How long a ticket is good: long enough for a large image, short enough to be worth little in a log. */
export const ticketS = 300;
/** Beyond which it would not fit into a field. */
const longestTicket = 3_500;
/** Those that are remembered; the oldest goes first. */
const mostRemembered = 10_000;

export interface ReadTicket {
  /** SHA-256 of the token behind it, as text and as bytes; `null`: nobody in particular. */
  readonly holder: { readonly hash: string; readonly digest: Uint8Array } | null;
  readonly expiresMs: number;
  /** Whether it is good for this. Whether its holder may do it is another question. */
  isFor(deed: Deed): boolean;
  /** The same in words. */
  readonly rights: readonly Right[];
}

export interface Tickets {
  /** @throws `request-malformed` when it would be too long. */
  write(holder: string | null, rights: readonly Right[]): string;
  /** `null`: it is not of this network. */
  read(text: string): ReadTicket | null;
}

/** @param secret of the network, as it is now. */
export function openTickets(secret: () => string, clock: Clock): Tickets {
  const remembered = new Map<string, ReadTicket>();
  /** By which those were read. */
  let readBy = secret();

  function make(text: string): ReadTicket | null {
    const ticket = readTicket(secret(), text);
    if (ticket === null) return null;
    const { holder, expiresMs, rights } = ticket;
    return {
      holder: holder === null ? null : { hash: holder, digest: Buffer.from(holder, 'base64url') },
      expiresMs,
      rights,
      isFor: allowing({ common: [], own: rights, limit: null }),
    };
  }

  return {
    write(holder, rights) {
      const text = writeTicket(secret(), { holder, expiresMs: clock.now() + ticketS * 1000, rights });
      if (text.length <= longestTicket) return text;
      throw new MeridianError(
        'request-malformed',
        'These are too many scopes for one token: ask for fewer at once.',
      );
    },

    read(text) {
      const now = secret();
      if (now !== readBy) remembered.clear();
      readBy = now;
      const known = remembered.get(text);
      if (known !== undefined) return known;
      const made = make(text);
      if (made === null) return null;
      const [oldest] = remembered.keys();
      if (remembered.size >= mostRemembered && oldest !== undefined) remembered.delete(oldest);
      remembered.set(text, made);
      return made;
    },
  };
}
