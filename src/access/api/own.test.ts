import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hub } from '../../../test/support/bus.ts';
import { temporary } from '../../../test/support/index.ts';
import { systemClock } from '../../clock.ts';
import type { Identity } from '../../identity.ts';
import { openSqlite } from '../../origin/metadata/sqlite.ts';
import type { MetadataStore } from '../../store.ts';
import { openRegister, type Register } from '../register/register.ts';
import type { ApiServices } from './endpoint.ts';
import { ownEndpoints } from './own.ts';
import { serveApi } from './serve.ts';
import { shownToken } from './tokens.ts';

const operator = { by: 'operator', token: null, from: null };
const read = { actions: ['read'], routes: ['*'], subjects: ['*'] } as const;

describe('whoever has a token', () => {
  const folder = temporary('api-own');
  let metadata: MetadataStore;
  let register: Register;
  beforeAll(async () => {
    metadata = await openSqlite({ path: `${folder.path}/metadata.db`, clock: systemClock });
    const around = { clock: systemClock, openRoutes: () => [], warn: () => undefined };
    register = openRegister({ metadata, bus: hub().join('origin'), ...around });
    await register.fillHolders();
    for (const name of ['alice', 'eve']) await register.addUser(operator, { name });
  });
  afterAll(async () => {
    await register.close();
    await metadata.close();
    folder[Symbol.dispose]();
  });

  const make = async (owner: 'user:alice' | 'user:eve', limit: (typeof read)[] | null = null) =>
    (await register.makeToken(operator, { owner, limit })).token.id;

  function ask(method: string, target: string, name: string, token: string | null) {
    const identity: Identity = { name, token, may: () => false };
    const request = { method, target, body: new Uint8Array(), actor: operator, nowMs: 0, askedAt: null };
    return serveApi(ownEndpoints, { register } as ApiServices, { ...request, identity });
  }
  const idsIn = (body: unknown) =>
    shownToken
      .array()
      .parse(body)
      .map(({ id }) => id);

  test('sees his own, without their hashes, and revokes them; those of others are not there', async () => {
    const [first, second, other] = [
      await make('user:alice'),
      await make('user:alice'),
      await make('user:eve'),
    ];
    const { body } = await ask('GET', '/own/tokens', 'user:alice', first);
    expect(idsIn(body).toSorted()).toEqual([first, second].toSorted());
    expect(JSON.stringify(body)).not.toContain('hash');
    expect((await ask('DELETE', `/own/tokens/${other}`, 'user:alice', first)).status).toBe(404);
    expect((await ask('DELETE', `/own/tokens/${second}`, 'user:alice', first)).status).toBe(200);
    expect(await register.token(second)).toBeNull();
    expect(await register.token(other)).not.toBeNull();
  });

  test('sees and revokes that one alone where it is limited', async () => {
    const [whole, limited] = [await make('user:eve'), await make('user:eve', [read])];
    expect(idsIn((await ask('GET', '/own/tokens', 'user:eve', limited)).body)).toEqual([limited]);
    expect((await ask('DELETE', `/own/tokens/${whole}`, 'user:eve', limited)).status).toBe(404);
    expect((await ask('DELETE', `/own/tokens/${limited}`, 'user:eve', limited)).status).toBe(200);
  });

  test('is told nothing without one', async () => {
    expect((await ask('GET', '/own/tokens', 'anonymous', null)).status).toBe(401);
  });
});
