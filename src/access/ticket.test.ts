import { expect, test } from 'bun:test';
import { credentialIn } from './credential.ts';
import { readTicket, type Ticket, writeTicket } from './ticket.ts';
import { hashOfToken, makeToken } from './token.ts';
import { isTokenInAddress, mayHoldToken } from './traces.ts';

const secret = 'of the network';
const ticket: Ticket = {
  holder: hashOfToken(makeToken()),
  expiresMs: 1_700_000_000_000,
  rights: [{ actions: ['read'], routes: ['images'], subjects: ['hub.example/team/app'] }],
};
const text = writeTicket(secret, ticket);

test('a ticket says what was written into it, at every node of the network', () => {
  expect(readTicket(secret, text)).toEqual(ticket);
  const nobody = { ...ticket, holder: null };
  expect(readTicket(secret, writeTicket(secret, nobody))).toEqual(nobody);
});

test('a ticket of another network, changed or cut off, is none', () => {
  expect(readTicket('of another network', text)).toBeNull();
  const said = { ...ticket, expiresMs: ticket.expiresMs + 1 };
  const [, , signature] = text.split('.');
  const forged = `mrd_.${Buffer.from(JSON.stringify(said)).toString('base64url')}.${signature}`;
  for (const other of [
    forged,
    text.slice(0, -1),
    `${text}.x`,
    `${text}x`,
    'mrd_.',
    'mrd_..',
    text.slice(5),
    '',
  ])
    expect(readTicket(secret, other)).toBeNull();
});

test('a ticket is a credential as a bearer alone, and is found where none should be', () => {
  const of = (authorization: string) => credentialIn(new Headers({ authorization })).as;
  expect(of(`Bearer ${text}`)).toBe('ticket');
  expect(of(`Basic ${btoa(`any:${text}`)}`)).toBe('malformed');
  expect(mayHoldToken(`Bearer ${text}`)).toBe(true);
  expect(isTokenInAddress(`/v2/?token=${text}`)).toBe(true);
});
