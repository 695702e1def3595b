/**
 * The text of a ticket (`TicketWish`): what it says, signed with the network's secret, so that every PoP can read it and nobody else can
 * write one.
 *
 *     mrd_.<what it says: JSON, base64url>.<HMAC-SHA-256, base64url>
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Right } from '../identity.ts';
import { right } from './record.ts';
import { tokenPrefix } from './token.ts';

export interface Ticket {
  /** SHA-256 of the token that stands behind it, as records have it; `null`: nobody in particular. */
  readonly holder: string | null;
  /** ms since the epoch. */
  readonly expiresMs: number;
  /** What it is good for, if its holder may do it. */
  readonly rights: readonly Right[];
}

const ticketPrefix = `${tokenPrefix}.`;

/** What a ticket is good for. Names of what exists may be longer than a pattern that somebody writes down. */
export const ticketRights = z.array(right.extend({ subjects: z.array(z.string()).readonly() })).readonly();

const said = z.object({
  holder: z
    .string()
    .regex(/^[\w-]{43}$/)
    .nullable(),
  expiresMs: z.number(),
  rights: ticketRights,
});

export function isTicket(text: string): boolean {
  return text.startsWith(ticketPrefix);
}

/** @param secret of the network. */
export function writeTicket(secret: string, { holder, expiresMs, rights }: Ticket): string {
  const text = Buffer.from(JSON.stringify({ holder, expiresMs, rights })).toString('base64url');
  return `${ticketPrefix}${text}.${sign(secret, text).toString('base64url')}`;
}

/** `null` for what this network has not written. Whether it has expired is for the reader to see. */
export function readTicket(secret: string, ticket: string): Ticket | null {
  const [text = '', signature = '', ...more] = ticket.slice(ticketPrefix.length).split('.');
  const given = Buffer.from(signature, 'base64url');
  const right = sign(secret, text);
  if (!isTicket(ticket) || more.length > 0 || given.length !== right.length) return null;
  if (!timingSafeEqual(given, right)) return null;
  return said.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
}

function sign(secret: string, text: string): Buffer {
  return createHmac('sha256', secret).update(`ticket ${text}`).digest();
}
