import { describe, expect, test } from 'bun:test';
import { hub } from '../../../test/support/bus.ts';
import { virtualClock } from '../../../test/support/clock.ts';
import type { Bus, Watcher } from '../../bus.ts';
import type { Exchange } from '../../exchange.ts';
import type { Deed, Identity } from '../../identity.ts';
import { guard } from '../edge/guard.ts';
import { strangers } from '../edge/strangers.ts';
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
  const notes = { used() {}, denied() {}, flush: async () => {}, close() {} };
  const times = { unheardMs: () => 0, trustMs: () => 1_000 };
  const door = guard({ replica, strangers: unknown, notes, clock, ...times });
  const of = (text: TokenText) =>
    ({
      headers: new Headers({ authorization: `Bearer ${text}` }),
      nowMs: clock.now(),
      client: () => '192.0.2.1',
    }) as Exchange;
  const identify = async (text: TokenText): Promise<Identity> => door.identify(of(text));
  const tell = (name: string, news: News) =>
    watcher().changed({ key: keyOf(news.of, name), value: news, revision: news.order });
  return { replica, watcher, asked, identify, tell, clock };
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
