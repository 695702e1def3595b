import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hub } from '../../../test/support/bus.ts';
import { virtualClock } from '../../../test/support/clock.ts';
import { temporary } from '../../../test/support/index.ts';
import { MeridianError } from '../../errors.ts';
import type { Accounts, Asker } from '../../identity.ts';
import { openSqlite } from '../../origin/metadata/sqlite.ts';
import { openRegister, type Register } from '../register/register.ts';
import { openAccounts } from './accounts.ts';
import { attempts } from './attempts.ts';

const operator = { by: 'operator', token: null, from: null };
const password = 'correct horse battery';
const day = 86_400;

describe('accounts', () => {
  const folder = temporary('accounts');
  const clock = virtualClock();
  let signup = false;
  let register: Register;
  let accounts: Accounts;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const metadata = await openSqlite({ path: `${folder.path}/metadata.db`, clock });
    const bus = hub().join('origin');
    register = openRegister({ metadata, bus, clock, openRoutes: () => [], warn: () => undefined });
    accounts = openAccounts({
      ...{
        register,
        clock,
        secret: 'of the network',
        exchange: () => ({ exchange: () => Promise.reject(new Error('no issuer')) }),
      },
      attempts: attempts({ pace: () => ({ take: () => 0 }) }),
      settings: () => ({ loginS: 30 * day, signup }),
    });
    close = async () => {
      await register.close();
      await metadata.close();
    };
    await register.addUser(operator, { name: 'alice', password });
  });
  afterAll(async () => {
    await close();
    folder[Symbol.dispose]();
  });

  const proof = (user: string, create = false) => ({
    user,
    password,
    create: create ? { email: null } : null,
  });
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      (error) => (error instanceof MeridianError ? error.code : String(error)),
    );

  test('a login gives a token of the user that expires', async () => {
    const { token } = await accounts.logIn(proof('alice'), '192.0.2.1', 'npm login');
    expect(token).toMatchObject({
      label: 'npm login',
      limit: null,
      expiresMs: clock.now() + 30 * day * 1000,
    });
  });

  test('a login in a browser is over after ten minutes, for the page and for who waits', async () => {
    const { page, done } = accounts.beginLogin('192.0.2.1');
    expect(await accounts.begunFrom(page)).toBe('192.0.2.1');
    clock.advance(599_000);
    await accounts.finishLogin(page, proof('alice'), '192.0.2.2');
    clock.advance(1_000);
    expect(await codeOf(accounts.takeLogin(done, 'npm login'))).toBe('no-such-record');
    const late = accounts.beginLogin(null);
    clock.advance(600_000);
    expect(await codeOf(accounts.finishLogin(late.page, proof('alice'), null))).toBe('no-such-record');
  });

  test('of two who take it at the same time, one gets a token', async () => {
    const { page, done } = accounts.beginLogin(null);
    expect(await accounts.takeLogin(done, 'npm login')).toBeNull();
    await accounts.finishLogin(page, proof('alice'), null);
    const taken = await Promise.all([1, 2].map(() => codeOf(accounts.takeLogin(done, 'npm login'))));
    expect(taken.sort()).toEqual(['done', 'no-such-record']);
  });

  test('a name for the page is none for taking the token, nor is one of another network', async () => {
    const { page } = accounts.beginLogin(null);
    await accounts.finishLogin(page, proof('alice'), null);
    for (const name of [page, `${page}x`, '', 'a.b', page.replace('.', '')])
      expect(await codeOf(accounts.takeLogin(name, 'npm login'))).toBe('no-such-record');
  });

  test('nobody becomes a user by himself unless the config says so, nor takes another’s name', async () => {
    expect(await codeOf(accounts.logIn(proof('bob', true), null, 'npm login'))).toBe('forbidden');
    signup = true;
    expect(await codeOf(accounts.logIn(proof('bob'), null, 'npm login'))).toBe('wrong-password');
    expect(await codeOf(accounts.logIn(proof('bob', true), null, 'npm login'))).toBe('done');
    const other = { ...proof('bob', true), password: 'something else' };
    expect(await codeOf(accounts.logIn(other, null, 'npm login'))).toBe('wrong-password');
    expect(await codeOf(accounts.logIn(proof('../bob', true), null, 'npm login'))).toBe('request-malformed');
    const short = { ...proof('carol', true), password: 'short' };
    expect(await codeOf(accounts.logIn(short, null, 'npm login'))).toBe('request-malformed');
  });

  test('who is disabled does not log in', async () => {
    await register.addUser(operator, { name: 'dora', password });
    await register.setDisabled(operator, 'dora', true);
    expect(await codeOf(accounts.logIn(proof('dora'), null, 'npm login'))).toBe('wrong-password');
  });

  test('nobody revokes another’s token, and a limited token only itself', async () => {
    const asker = async (user: string, limited = false): Promise<Asker & { id: string }> => {
      const limit = limited ? [{ actions: ['read' as const], routes: ['*'], subjects: ['*'] }] : null;
      const { token } = await register.makeToken(operator, { owner: `user:${user}`, limit });
      return {
        id: token.id,
        address: null,
        identity: { name: `user:${user}`, token: token.id, may: () => true },
      };
    };
    const [alice, limited] = [await asker('alice'), await asker('alice', true)];
    await register.addUser(operator, { name: 'eve' });
    expect(await codeOf(accounts.revokeToken(await asker('eve'), alice.id))).toBe('no-such-record');
    expect(await codeOf(accounts.revokeToken(limited, alice.id))).toBe('no-such-record');
    expect(await codeOf(accounts.revokeToken(limited, limited.id))).toBe('done');
    expect(await codeOf(accounts.revokeToken(alice, alice.id))).toBe('done');
  });
});
