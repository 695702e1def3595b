import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hub } from '../../../test/support/bus.ts';
import { eventually, temporary } from '../../../test/support/index.ts';
import { systemClock } from '../../clock.ts';
import type { Deed } from '../../identity.ts';
import { openSqlite } from '../../origin/metadata/sqlite.ts';
import { openReplica, type Replica } from '../replica/replica.ts';
import { makeToken, type TokenText } from '../token.ts';
import type { Actor } from './actor.ts';
import { openRegister, type Register } from './register.ts';

const operator: Actor = { by: 'operator', token: null, from: null };
const read = (subject: string, restricted = false): Deed => ({
  action: 'read',
  route: 'npm',
  subject,
  restricted,
});

describe('a register and its replica', () => {
  const folder = temporary('register');
  const world = hub();
  const cut = world.join('origin');
  let register: Register;
  let replica: Replica;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const metadata = await openSqlite({ path: `${folder.path}/metadata.db`, clock: systemClock });
    const surroundings = { clock: systemClock, openRoutes: () => ['web'], warn: () => undefined };
    register = openRegister({ metadata, bus: cut, ...surroundings });
    replica = openReplica({ bus: world.join('pop'), ...surroundings });
    close = async () => {
      replica.close();
      await register.close();
      await metadata.close();
    };
    await replica.ready;
  });
  afterAll(async () => {
    await close();
    folder[Symbol.dispose]();
  });

  const now = () => systemClock.now();
  const seen = (text: TokenText, from = '192.0.2.1') => replica.identify(text, now(), () => from);
  async function made(owner: 'user:alice' | 'user:bob' | 'machine:ci', more = {}) {
    const { text, token } = await register.makeToken(operator, { owner, ...more });
    await eventually('the token to be known', () => seen(text) !== 'unknown');
    return { text, token };
  }
  function identity(text: TokenText) {
    const found = seen(text);
    if (typeof found === 'string') throw new Error(found);
    return found;
  }

  test('a token is known, and is good for what its owner may do', async () => {
    await register.addUser(operator, { name: 'alice' });
    const given = await register.grant(operator, 'user:alice', {
      actions: ['read'],
      routes: ['npm'],
      subjects: ['@acme/*'],
    });
    const { text } = await made('user:alice');
    expect(identity(text).may(read('@acme/ui', true))).toBe(true);
    expect(identity(text).may(read('lodash'))).toBe(false);
    await register.revokeGrant(operator, given.id);
    await eventually('the right to be gone', () => !identity(text).may(read('@acme/ui', true)));
  });

  test('a token that is revoked is known no longer', async () => {
    const { text, token } = await made('user:alice');
    await register.revokeToken(operator, token.id);
    expect(await register.told(5_000)).toBe(true);
    await eventually('the token to be unknown', () => seen(text) === 'unknown');
    expect(await register.byHash(token.hash)).toBeNull();
  });

  test('a token of somebody who is disabled is good for nothing meanwhile', async () => {
    const { text } = await made('user:alice');
    await register.setDisabled(operator, 'alice', true);
    await eventually('him to be disabled', () => seen(text) === 'disabled');
    await register.setDisabled(operator, 'alice', false);
    await eventually('him to be back', () => typeof seen(text) !== 'string');
  });

  test('a token is bound to its addresses and its time', async () => {
    const { text } = await made('machine:ci', { addresses: ['10.0.0.0/8'], expiresMs: now() + 60_000 });
    expect(seen(text, '192.0.2.1')).toBe('elsewhere');
    expect(seen(text, '10.1.1.1')).toMatchObject({ name: 'machine:ci' });
    expect(replica.identify(text, now() + 60_001, () => '10.1.1.1')).toBe('expired');
  });

  test('a team gives its members what it has, for as long as they are members', async () => {
    await register.addUser(operator, { name: 'bob' });
    await register.addTeam(operator, 'core');
    await register.grant(operator, 'team:core', { actions: ['publish'], routes: ['*'], subjects: ['*'] });
    await register.addMember(operator, 'core', 'bob');
    const { text } = await made('user:bob');
    const publish: Deed = { ...read('lodash'), action: 'publish' };
    await eventually('the right to be there', () => identity(text).may(publish));
    await register.removeMember(operator, 'core', 'bob');
    await eventually('the right to be gone', () => !identity(text).may(publish));
  });

  test('whoever is removed leaves nothing behind', async () => {
    await register.addUser(operator, { name: 'carol' });
    await register.addMember(operator, 'core', 'carol');
    await register.grant(operator, 'user:carol', { actions: ['read'], routes: ['*'], subjects: ['*'] });
    const { token, text } = await register.makeToken(operator, { owner: 'user:carol' });
    await register.removeUser(operator, 'carol');
    expect(await register.token(token.id)).toBeNull();
    expect((await register.grants()).filter(({ to }) => to === 'user:carol')).toEqual([]);
    expect((await register.teams()).find(({ name }) => name === 'core')?.members).toEqual([]);
    await register.told(5_000);
    await eventually('the token to be unknown', () => seen(text) === 'unknown');
  });

  test('everybody may do what everybody has been given, and a route is open to all', async () => {
    expect(replica.isOpen('npm')).toBe(false);
    expect(replica.isOpen('web')).toBe(true);
    await register.grant(operator, 'everyone', { actions: ['read'], routes: ['npm'], subjects: ['*'] });
    await eventually('the route to be open', () => replica.isOpen('npm'));
    expect(replica.isOpen('other')).toBe(false);
    expect(replica.anonymous.may(read('lodash'))).toBe(true);
    expect(replica.anonymous.may(read('lodash', true))).toBe(false);
  });

  test('a password is right or wrong, and nobody has the same', async () => {
    await register.setPassword(operator, 'alice', 'correct horse');
    expect(await register.withPassword('alice', 'correct horse')).toMatchObject({ name: 'alice' });
    expect(await register.withPassword('alice', 'correct horsf')).toBeNull();
    expect(await register.withPassword('mallory', 'correct horse')).toBeNull();
  });

  test('what cannot be told at once is told later', async () => {
    cut.cut();
    const { text } = await register.makeToken(operator, { owner: 'user:alice' });
    expect(await register.told(50)).toBe(false);
    expect(seen(text)).toBe('unknown');
    cut.heal();
    await eventually('the token to be known', () => seen(text) !== 'unknown');
  });

  test('all of it is in the audit log, in order, without secrets', async () => {
    const lines = await register.audit({ limit: 1_000 });
    expect(lines.map(({ atMs }) => atMs)).toEqual(lines.map(({ atMs }) => atMs).sort((a, b) => a - b));
    const kinds = new Set(lines.map(({ what }) => what));
    for (const what of [
      'user.add',
      'user.disable',
      'team.add-member',
      'grant.add',
      'token.create',
      'token.revoke',
    ])
      expect(kinds).toContain(what);
    expect(JSON.stringify(lines)).not.toContain('mrd_');
    const [newest] = await register.audit({ newestFirst: true, limit: 1 });
    expect(newest).toEqual(lines.at(-1));
    const after = await register.audit({ after: lines.at(-3)?.at });
    expect(after).toEqual(lines.slice(-2));
  });

  test('what there is not cannot be changed', async () => {
    const attempts = await Promise.allSettled([
      register.revokeToken(operator, 'nothing'),
      register.removeUser(operator, 'mallory'),
      register.addMember(operator, 'core', 'mallory'),
      register.grant(operator, 'team:nobody', { actions: ['read'], routes: ['*'], subjects: ['*'] }),
      register.makeToken(operator, { owner: 'user:mallory' }),
    ]);
    for (const attempt of attempts)
      expect(attempt).toMatchObject({ status: 'rejected', reason: { code: 'no-such-record' } });
    await expect(register.addUser(operator, { name: 'alice' })).rejects.toMatchObject({ code: 'conflict' });
    expect(seen(makeToken())).toBe('unknown');
  });
});
