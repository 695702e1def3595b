import { describe, expect, test } from 'bun:test';
import { hub } from '../../../test/support/bus.ts';
import { virtualClock } from '../../../test/support/clock.ts';
import type { Bus, Watcher } from '../../bus.ts';
import type { Exchange } from '../../exchange.ts';
import type { Deed, Identity } from '../../identity.ts';
import { askEarly } from '../edge/early.ts';
import { guard } from '../edge/guard.ts';
import { strangers } from '../edge/strangers.ts';
import { openTickets } from '../edge/tickets.ts';
import type { Introduction } from '../register/introduce.ts';
import { keyOf, type News } from '../register/news.ts';
import { hashOfToken, makeToken, type TokenText } from '../token.ts';
import { openReplica } from './replica.ts';

const owner = 'user:alice';
const user: News = {
  of: 'user',
  order: 1,
  value: { name: 'alice', email: null, createdMs: 0, disabled: false },
};
const right = { actions: ['read' as const], routes: ['npm'], subjects: ['*'] };
const grant: News = { of: 'grant', order: 2, value: { ...right, id: 'g', to: owner, createdMs: 0, by: 'x' } };
const token: News & { of: 'token' } = {
  of: 'token',
  order: 3,
  value: { id: '0'.repeat(12), owner, expiresMs: null, addresses: [], limit: null },
};
const forEverybody: News = {
  of: 'grant',
  order: 8,
  value: { ...right, id: 'e', to: 'everyone', createdMs: 0, by: 'x' },
};
const reading: Deed = { action: 'read', route: 'npm', subject: 'lodash', restricted: true };

/** A bus whose view tells what a test wants it to. */
function slowBus(): { readonly bus: Bus; readonly watcher: () => Watcher } {
  const watchers: Watcher[] = [];
  const joined = hub().join('pop');
  const watch = (watcher: Watcher) => {
    watchers.push(watcher);
    return { close() {} };
  };
  const bus: Bus = { ...joined, view: (name) => ({ ...joined.view(name), watch }) };
  return { bus, watcher: () => watchers[0]! };
}

function world() {
  const clock = virtualClock();
  const { bus, watcher } = slowBus();
  const replica = openReplica({ bus, openRoutes: () => [], warn: () => undefined });
  const asked: PromiseWithResolvers<Introduction | null>[] = [];
  const unknown = strangers({
    clock,
    unknownMs: () => 5_000,
    learn: replica.learn,
    ask() {
      const question = Promise.withResolvers<Introduction | null>();
      asked.push(question);
      return question.promise;
    },
  });
  const everyone = { asked: 0, isAway: false };
  const stop = askEarly({
    ...{ clock, learn: replica.learn, isComplete: () => replica.isComplete },
    async ask() {
      everyone.asked++;
      if (everyone.isAway) throw new Error('the origin is away');
      return [{ key: keyOf('grant', 'e'), news: forEverybody }];
    },
  });
  const notes = { used() {}, denied() {}, flush: async () => {}, close() {} };
  const times = { unheardMs: () => 0, trustMs: () => 1_000 };
  const tickets = openTickets(() => 'of the network', clock);
  const logIn = () => Promise.reject(new Error('nobody logs in'));
  const door = guard({ replica, strangers: unknown, notes, clock, tickets, logIn, ...times });
  const of = (text: TokenText) =>
    ({
      headers: new Headers({ authorization: `Bearer ${text}` }),
      nowMs: clock.now(),
      client: () => '192.0.2.1',
    }) as Exchange;
  const identify = async (text: TokenText): Promise<Identity> => door.identify(of(text));
  const tell = (name: string, news: News) =>
    watcher().changed({ key: keyOf(news.of, name), value: news, revision: news.order });
  /** So much later, with what happens then. */
  async function later(ms: number): Promise<void> {
    clock.advance(ms);
    for (let turn = 0; turn < 10; turn++) await null;
  }
  return { replica, watcher, asked, identify, tell, clock, door, everyone, later, stop };
}

function introductionOf(text: TokenText): Introduction {
  return [
    { key: keyOf('token', hashOfToken(text)), news: { ...token, order: 9 } },
    { key: keyOf('user', 'alice'), news: { ...user, order: 9 } as News },
    { key: keyOf('grant', 'g'), news: { ...grant, order: 9 } as News },
  ];
}

describe('a replica that has not read everything yet', () => {
  test('has the origin asked about a token, once for all who show it, also one that it has read', async () => {
    const { watcher, asked, identify, tell } = world();
    const text = makeToken();
    watcher().begins?.();
    tell(hashOfToken(text), token);
    const waiting = [identify(text), identify(text), identify(text)];
    expect(asked.length).toBe(1);
    asked[0]?.resolve(introductionOf(text));
    for (const identity of await Promise.all(waiting)) expect(identity.may(reading)).toBe(true);
    expect((await identify(text)).may(reading)).toBe(true);
    expect(asked.length).toBe(1);
  });

  test('refuses one that the origin does not know, and does not ask again for a while', async () => {
    const { watcher, asked, identify, clock } = world();
    const text = makeToken();
    watcher().begins?.();
    const waiting = identify(text);
    asked[0]?.resolve(null);
    await expect(waiting).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(identify(text)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(asked.length).toBe(1);
    clock.advance(5_001);
    identify(text).catch(() => undefined); // nobody answers it
    expect(asked.length).toBe(2);
  });

  test('hears at once that one is revoked which it has learnt', async () => {
    const { watcher, asked, identify, tell } = world();
    const text = makeToken();
    watcher().begins?.();
    const waiting = identify(text);
    asked[0]?.resolve(introductionOf(text));
    await waiting;
    tell(hashOfToken(text), { ...token, order: 10, value: null });
    const refused = identify(text);
    expect(asked.length).toBe(2);
    asked[1]?.resolve(null);
    await expect(refused).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('asks about none once it has, and forgets what was not told', async () => {
    const { replica, watcher, asked, identify, tell } = world();
    const [known, gone] = [makeToken(), makeToken()];
    watcher().begins?.();
    tell(hashOfToken(gone), token);
    // The connection was lost: all is told again.
    watcher().begins?.();
    tell(hashOfToken(known), token);
    tell('g', grant);
    tell('alice', user);
    watcher().caughtUp();
    expect(replica.tokens).toBe(1);
    expect((await identify(known)).may(reading)).toBe(true);
    expect(asked.length).toBe(0);
    identify(gone).catch(() => undefined); // nobody answers it
    expect(asked.length).toBe(1);
  });
});

describe('what everybody may do, before all has been read', () => {
  test('is asked from the origin, once', async () => {
    const { watcher, door, everyone, later } = world();
    watcher().begins?.();
    expect(door.isOpen('npm')).toBe(false);
    await later(500);
    expect(door.isOpen('npm')).toBe(true);
    expect(door.isOpen('web')).toBe(false);
    await later(60_000);
    expect(everyone.asked).toBe(1);
  });

  test('is asked again while the origin is away, less and less often', async () => {
    const { watcher, door, everyone, later } = world();
    watcher().begins?.();
    everyone.isAway = true;
    for (let second = 0; second < 60; second++) await later(1_000);
    expect(everyone.asked).toBeGreaterThan(3);
    expect(everyone.asked).toBeLessThan(10);
    everyone.isAway = false;
    await later(30_000);
    expect(door.isOpen('npm')).toBe(true);
  });

  test('is not asked when all has been read, nor once it is closed', async () => {
    const [complete, closed] = [world(), world()];
    complete.watcher().begins?.();
    complete.watcher().caughtUp();
    closed.stop();
    for (const { later, everyone } of [complete, closed]) {
      await later(60_000);
      expect(everyone.asked).toBe(0);
    }
  });

  test('counts no longer once the bus says that it was taken back', async () => {
    const { watcher, door, tell, later } = world();
    watcher().begins?.();
    await later(500);
    tell('e', { ...forEverybody, order: 7 });
    expect(door.isOpen('npm')).toBe(true);
    tell('e', { of: 'grant', order: 9, value: null });
    expect(door.isOpen('npm')).toBe(false);
    watcher().caughtUp();
    expect(door.isOpen('npm')).toBe(false);
  });
});

describe('very many tokens that are not known', () => {
  /** Lets what is waiting go on. */
  const turns = async () => {
    for (let turn = 0; turn < 20; turn++) await null;
  };

  test('are asked about sixty-four at a time, and the others wait', async () => {
    const { watcher, asked, identify } = world();
    watcher().begins?.();
    const texts = Array.from({ length: 200 }, () => makeToken());
    const all = texts.map((text) => identify(text));
    expect(asked.length).toBe(64);
    for (let at = 0; at < texts.length; at++) {
      asked[at]?.resolve(introductionOf(texts[at]!));
      await turns();
      expect(asked.length).toBe(Math.min(200, 65 + at));
    }
    for (const identity of await Promise.all(all)) expect(identity.may(reading)).toBe(true);
  });

  test('give their turn to others when the origin fails', async () => {
    const { watcher, asked, identify } = world();
    watcher().begins?.();
    const all = Promise.allSettled(Array.from({ length: 65 }, () => identify(makeToken())));
    for (const question of asked.slice(0, 64)) question.reject(new Error('the origin is away'));
    await turns();
    expect(asked.length).toBe(65);
    asked[64]?.resolve(null);
    expect((await all).every(({ status }) => status === 'rejected')).toBe(true);
    // All places are free again.
    for (let number = 0; number < 64; number++) identify(makeToken()).catch(() => undefined);
    expect(asked.length).toBe(129);
  });

  test('are sent away when too many wait, or for too long', async () => {
    const { watcher, asked, identify, clock } = world();
    watcher().begins?.();
    const outcomes: string[] = [];
    for (let number = 0; number < 64 + 4_096; number++)
      identify(makeToken()).catch(({ code }) => void outcomes.push(code));
    await turns();
    expect(outcomes).toEqual([]);
    await expect(identify(makeToken())).rejects.toMatchObject({ code: 'overloaded' });
    clock.advance(5_000);
    await turns();
    expect(outcomes).toEqual(new Array(4_096).fill('overloaded'));
    expect(asked.length).toBe(64);
  });
});

describe('a replica', () => {
  test('works rights out anew when they change, for all tokens of the same owner', async () => {
    const { watcher, identify, tell } = world();
    const texts = Array.from({ length: 50 }, () => makeToken());
    watcher().begins?.();
    for (const text of texts) tell(hashOfToken(text), token);
    tell('alice', user);
    watcher().caughtUp();
    for (const text of texts) expect((await identify(text)).may(reading)).toBe(false);
    tell('g', grant);
    for (const text of texts) expect((await identify(text)).may(reading)).toBe(true);
    tell('alice', { ...user, order: 5, value: { ...user.value!, disabled: true } } as News);
    for (const text of texts) await expect(identify(text)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('takes what is not of this version for nothing, and goes on', async () => {
    const { replica, watcher, tell } = world();
    watcher().begins?.();
    for (const value of [
      { of: 'token', order: 0, value: token.value },
      { of: 'token', order: 1, value: { ...token.value, id: 'SHORT' } },
      { of: 'token', order: 1, value: { ...token.value, owner: 'nobody' } },
      { of: 'token', order: 1, value: { ...token.value, expiresMs: 'soon' } },
      { of: 'token', order: 1, value: { ...token.value, addresses: ['here'] } },
      { of: 'robot', order: 1, value: token.value },
      7,
    ])
      watcher().changed({ key: keyOf('token', hashOfToken(makeToken())), value, revision: 1 });
    expect(replica.tokens).toBe(0);
    tell(hashOfToken(makeToken()), token);
    expect(replica.tokens).toBe(1);
  });
});
