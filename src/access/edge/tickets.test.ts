import { describe, expect, test } from 'bun:test';
import { hub } from '../../../test/support/bus.ts';
import { virtualClock } from '../../../test/support/clock.ts';
import { MeridianError } from '../../errors.ts';
import type { Exchange } from '../../exchange.ts';
import type { Deed, Right } from '../../identity.ts';
import { openReplica } from '../replica/replica.ts';
import { guard } from './guard.ts';
import { openTickets } from './tickets.ts';

const rights: readonly Right[] = [{ actions: ['read'], routes: ['images'], subjects: ['team/app'] }];
const reading: Deed = { action: 'read', route: 'images', subject: 'team/app', restricted: false };

function world() {
  const clock = virtualClock();
  const replica = openReplica({
    bus: hub().join('pop'),
    openRoutes: () => ['images'],
    warn: () => undefined,
  });
  const door = guard({
    ...{ replica, clock, tickets: openTickets(() => 'of the network', clock) },
    strangers: { introduce: async () => false },
    notes: { used() {}, denied() {}, flush: async () => {}, close() {} },
    logIn: () => Promise.reject(new MeridianError('wrong-password', 'Wrong user name or password')),
    ...{ unheardMs: () => 0, trustMs: () => 1_000 },
  });
  const by = (authorization?: string) =>
    ({
      headers: new Headers(authorization === undefined ? {} : { authorization }),
      client: () => '192.0.2.1',
    }) as Exchange;
  const codeOf = async (work: () => unknown) => {
    try {
      await work();
      return 'done';
    } catch (thrown) {
      return thrown instanceof MeridianError ? thrown.code : String(thrown);
    }
  };
  return { clock, door, by, codeOf };
}

describe('a ticket', () => {
  test('of nobody is good for five minutes, for what it was made for', async () => {
    const { clock, door, by, codeOf } = world();
    const { text, forS, kept } = await door.giveTicket(by(), { rights, keep: null });
    expect([forS, kept]).toEqual([300, null]);
    const identity = await door.identify(by(`Bearer ${text}`));
    expect(identity.may(reading)).toBe(true);
    const other = { ...reading, subject: 'team/other' };
    expect(identity.may(other)).toBe(false);
    expect(door.denial(identity, other, by())?.code).toBe('scope-too-narrow');
    expect(door.denial(identity, { ...reading, action: 'publish' }, by())?.code).toBe('unauthenticated');
    clock.advance(299_999);
    expect(await codeOf(() => door.identify(by(`Bearer ${text}`)))).toBe('done');
    clock.advance(1);
    expect(await codeOf(() => door.identify(by(`Bearer ${text}`)))).toBe('unauthenticated');
  });

  test('is not given for a wrong password, an unknown token or a ticket', async () => {
    const { door, by, codeOf } = world();
    const wanted = { rights, keep: null };
    const { text } = await door.giveTicket(by(), wanted);
    const give = (authorization: string) => codeOf(() => door.giveTicket(by(authorization), wanted));
    expect(await give(`Basic ${btoa('alice:wrong horse')}`)).toBe('wrong-password');
    expect(await give(`Basic ${btoa('alice:mrd_wrong')}`)).toBe('unauthenticated');
    expect(await give(`Bearer ${text}`)).toBe('unauthenticated');
    expect(await give('Digest x')).toBe('unauthenticated');
  });

  test('for more than fits into a field is refused', async () => {
    const { door, by, codeOf } = world();
    const many = Array.from(
      { length: 30 },
      (_, at): Right => ({
        ...{ actions: ['read'], routes: ['images'] },
        subjects: [`team/${'x'.repeat(200)}${at}`],
      }),
    );
    expect(await codeOf(() => door.giveTicket(by(), { rights: many, keep: null }))).toBe('request-malformed');
  });
});

test('tickets of a secret of before are none, also those that have been read already', () => {
  let secret = 'of the network';
  const tickets = openTickets(() => secret, virtualClock());
  const text = tickets.write(null, rights);
  expect(tickets.read(text)?.isFor(reading)).toBe(true);
  secret = 'another one by now';
  expect(tickets.read(text)).toBeNull();
  expect(tickets.read(tickets.write(null, rights))?.rights).toEqual(rights);
});
