import { expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import { MeridianError } from '../../errors.ts';
import type { Token, User } from '../record.ts';
import { type StandInOptions, standIns } from './stand-ins.ts';

const hour = 3600 * 1000;

/** One user, with a password that can be changed, and how often it was compared. */
function world() {
  const clock = virtualClock();
  const now = { password: 'first password', disabled: false, compared: 0, tokens: new Map<string, Token>() };
  const alice = (): User => ({ name: 'alice', email: null, createdMs: 0, disabled: now.disabled });
  const register: StandInOptions['register'] = {
    passwordMark: async () => `mark of ${now.password}`,
    user: async () => alice(),
    byHash: async (hash) => now.tokens.get(hash) ?? null,
    async makeToken(_, { owner, expiresMs = null, label = '' }) {
      const hash = `hash ${now.tokens.size}`;
      const terms = { createdMs: clock.now(), expiresMs, addresses: [], limit: null };
      const token = { id: hash, hash, label, owner: owner as Token['owner'], ...terms };
      now.tokens.set(hash, token);
      return { token, text: '' as never };
    },
  };
  const standing = standIns({
    ...{ register, clock },
    async proven({ user, password }) {
      now.compared++;
      await null;
      if (password === now.password && !now.disabled) return user;
      throw new MeridianError('wrong-password', 'Wrong user name or password');
    },
  });
  const show = (password: string) =>
    standing.of({ user: 'alice', password }, null).then(
      ({ hash }) => hash,
      (error) => (error instanceof MeridianError ? error.code : String(error)),
    );
  return { now, show, clock };
}

test('a password that was right is not compared again, and the same token stands for it', async () => {
  const { now, show } = world();
  const all = await Promise.all(Array.from({ length: 20 }, () => show(now.password)));
  expect(await show(now.password)).toBe('hash 0');
  expect([new Set(all).size, now.compared, now.tokens.size]).toEqual([1, 1, 1]);
});

test('a wrong one is compared each time, and leaves the right one as it is', async () => {
  const { now, show } = world();
  await show(now.password);
  for (const _ of [1, 2]) expect(await show('a wrong one')).toBe('wrong-password');
  expect([await show(now.password), now.compared]).toEqual(['hash 0', 3]);
});

test('a password is compared anew once it is another one, the user is disabled, or the token is revoked', async () => {
  const { now, show } = world();
  await show('first password');
  now.password = 'second password';
  expect(await show('first password')).toBe('wrong-password');
  expect(await show('second password')).toBe('hash 1');
  now.disabled = true;
  expect(await show('second password')).toBe('wrong-password');
  now.disabled = false;
  now.tokens.delete('hash 1');
  now.tokens.set('another', { ...now.tokens.get('hash 0')! });
  expect(await show('second password')).toBe('hash 2');
});

test('a token that is about to expire gives way to another one', async () => {
  const { now, show, clock } = world();
  await show(now.password);
  clock.advance(11 * hour);
  expect(await show(now.password)).toBe('hash 0');
  clock.advance(hour - 30 * 60_000 + 1);
  expect(await show(now.password)).toBe('hash 1');
});
