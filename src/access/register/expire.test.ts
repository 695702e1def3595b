import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hub } from '../../../test/support/bus.ts';
import { eventually, temporary } from '../../../test/support/index.ts';
import { type Clock, systemClock } from '../../clock.ts';
import { openSqlite } from '../../origin/metadata/sqlite.ts';
import type { MetadataStore } from '../../store.ts';
import { openReplica } from '../replica/replica.ts';
import { keys } from './documents.ts';
import { keyOf, viewName } from './news.ts';
import { openRegister, type Register } from './register.ts';

const operator = { by: 'operator', token: null, from: null };
const house = { by: 'origin', token: null, from: null };
const around = { openRoutes: () => [], warn: () => undefined };
const owner = 'machine:ci';

describe('tokens that have expired', () => {
  const folder = temporary('expire');
  const world = hub();
  const bus = world.join('origin');
  let aheadMs = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  let metadata: MetadataStore;
  let register: Register;
  beforeAll(async () => {
    metadata = await openSqlite({ path: `${folder.path}/metadata.db`, clock: systemClock });
    register = openRegister({ metadata, bus, clock, ...around });
  });
  afterAll(async () => {
    await register.close();
    await metadata.close();
    folder[Symbol.dispose]();
  });

  test('are removed everywhere, and no others', async () => {
    const replica = openReplica({ bus: world.join('pop'), ...around });
    const expiresMs = clock.now() + 60_000;
    const made = await Promise.all(
      Array.from({ length: 600 }, () => register.makeToken(operator, { owner, expiresMs })),
    );
    const later = await register.makeToken(operator, { owner, expiresMs: expiresMs + 3600_000 });
    const forGood = await register.makeToken(operator, { owner });
    await eventually('all to be known', () => replica.tokens === 602);
    expect(await register.removeExpired(house, clock.now())).toBe(0);

    aheadMs = 60_001;
    expect(await register.removeExpired(house, clock.now())).toBe(600);
    expect(await register.removeExpired(house, clock.now())).toBe(0);
    expect((await register.tokens({})).map(({ id }) => id).toSorted()).toEqual(
      [later.token.id, forGood.token.id].toSorted(),
    );
    await eventually('the node to forget them', () => replica.tokens === 2);
    const [one] = made;
    expect(await register.byHash(one?.token.hash ?? '')).toBeNull();
    expect(replica.identify(one!.text, clock.now(), () => '')).toBe('unknown');
    const told = await bus.view(viewName).get(keyOf('token', one?.token.hash ?? ''));
    expect(told?.value).toMatchObject({ value: null });
    replica.close();
  });

  test('leave their lines in the audit log, and one of their removal', async () => {
    const lines = await register.audit({ limit: 1_000 });
    expect(lines.filter(({ what }) => what === 'token.create')).toHaveLength(602);
    const removed = lines.filter(({ what }) => what === 'token.expire');
    expect(removed.map(({ by, detail }) => [by, detail])).toEqual([
      ['origin', { tokens: 256 }],
      ['origin', { tokens: 256 }],
      ['origin', { tokens: 88 }],
    ]);
    const [created] = lines;
    expect(removed.some(({ subject }) => subject.split(' ').includes(created?.subject ?? ''))).toBe(true);
  });

  test('leave nothing else, nor does one that is revoked before that', async () => {
    const { token } = await register.makeToken(operator, { owner, expiresMs: clock.now() + 1_000 });
    await register.revokeToken(operator, token.id);
    const left = await metadata.scan(keys.expiries);
    expect(left).toHaveLength(1);
    aheadMs = 7200_000;
    expect(await register.removeExpired(house, clock.now())).toBe(1);
    expect(await metadata.scan(keys.expiries)).toEqual([]);
  });

  test('do not keep old lines of the audit log from being dropped', async () => {
    const before = await register.audit({ limit: 1_000 });
    const newest = before.at(-1);
    expect(await register.dropAudit(newest?.atMs ?? 0)).toBe(
      before.filter(({ atMs }) => atMs < (newest?.atMs ?? 0)).length,
    );
    expect((await register.audit({})).at(-1)).toEqual(newest);
    expect(await register.dropAudit(0)).toBe(0);
  });
});
