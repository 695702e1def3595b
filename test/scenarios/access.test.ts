/**
 * Who may have what, through real nodes: a PoP, a shield, an origin, and an upstream that counts.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Right } from '../../src/identity.ts';
import { web } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  eventually,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

const readPrivate: Right = { actions: ['read'], routes: ['private'], subjects: ['*'] };
let upstream: Upstream;
let network: TestNetwork;
let seen: string[];

beforeAll(async () => {
  seen = [];
  upstream = await startUpstream(({ target, headers }) => {
    seen.push(`${target} ${headers.get('authorization') ?? '-'} ${headers.get('x-api-key') ?? '-'}`);
    return { headers: { 'cache-control': 'public, max-age=600', etag: '"1"' }, body: `body of ${target}` };
  });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
      'pop-2': { role: 'pop', parents: ['shield'] },
    },
    routes: [
      web({ name: 'private', match: { path: '/private' }, access: 'closed', upstream: upstream.url }),
      web({ name: 'public', upstream: upstream.url }),
    ],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

const origin = () => network.node('origin');
const get = (path: string, headers: Record<string, string> = {}, node = 'pop') =>
  fetch(`${network.url(node)}${path}`, { headers });

describe('a closed route', () => {
  test('is closed to whoever has no token, also once what it holds is cached', async () => {
    const { token } = await tokenFor(origin(), 'alice', [readPrivate]);
    expect((await get('/private/a')).status).toBe(401);
    const answer = await get('/private/a', bearer(token));
    expect([answer.status, await answer.text()]).toEqual([200, 'body of /a']);
    const again = await get('/private/a', bearer(token));
    expect(again.headers.get('cache-status')).toContain('pop;hit');
    await again.text();
    for (const method of ['GET', 'HEAD'])
      for (const headers of [{}, { range: 'bytes=0-3' }, { 'if-none-match': '"1"' }, bearer('mrd_wrong')]) {
        const refused = await fetch(`${network.url('pop')}/private/a`, { method, headers });
        expect(refused.status).toBe(401);
        expect(refused.headers.get('www-authenticate')).toMatch(/^Basic .*, Bearer /);
        expect(await refused.text()).not.toContain('body of');
      }
  });

  test('is closed to a token without the right, which is said', async () => {
    const { token } = await tokenFor(origin(), 'bob', []);
    const refused = await get('/private/a', bearer(token));
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain('user:bob may not read the route private');
  });

  test('takes the token in every way in which clients bring it', async () => {
    const { token } = await tokenFor(origin(), 'alice', []);
    const basic = (text: string) => ({ authorization: `Basic ${btoa(text)}` });
    const bare = [{ authorization: token }, { 'x-api-key': token }, { 'x-nuget-apikey': token }];
    for (const headers of [bearer(token), basic(`any:${token}`), basic(`${token}:`), ...bare])
      expect((await get('/private/a', headers)).status).toBe(200);
    expect((await get(`/private/a?token=${token}`)).status).toBe(401);
  });

  test('is no way for a token to get to an upstream', async () => {
    const { token } = await tokenFor(origin(), 'alice', []);
    await get('/private/secrets', bearer(token));
    await get('/secrets', bearer(token));
    await get('/secrets-2', { 'x-api-key': token });
    await fetch(`${network.url('pop')}/secrets-3`, { method: 'POST', headers: bearer(token), body: 'x' });
    await get('/others', { authorization: 'Bearer of-the-upstream' });
    expect(seen.filter((line) => line.includes('mrd_'))).toEqual([]);
    expect(seen).toContain('/others Bearer of-the-upstream -');
  });
});

describe('a token', () => {
  test('that is new is known to every PoP at once', async () => {
    const { token } = await tokenFor(origin(), 'carol', [readPrivate]);
    for (const node of ['pop', 'pop-2'])
      expect((await get('/private/new', bearer(token), node)).status).toBe(200);
  });

  test('that is revoked is good for nothing within a second, cached or not', async () => {
    const { token, id } = await tokenFor(origin(), 'carol', []);
    expect((await get('/private/new', bearer(token))).status).toBe(200);
    await origin().api('DELETE', `/tokens/${id}`);
    for (const node of ['pop', 'pop-2'])
      await eventually(
        'the token to be refused',
        async () => (await get('/private/new', bearer(token), node)).status === 401,
      );
  });

  test('is bound to addresses', async () => {
    const { token } = await tokenFor(origin(), 'carol', [], { addresses: ['192.0.2.0/24'] });
    const refused = await get('/private/new', bearer(token));
    expect([refused.status, await refused.text()]).toEqual([
      401,
      expect.stringContaining('from this address'),
    ]);
  });

  test('is limited to less than its owner may', async () => {
    const limit: Right[] = [{ actions: ['read'], routes: ['public'], subjects: ['*'] }];
    const { token } = await tokenFor(origin(), 'carol', [], { limit });
    expect((await get('/private/new', bearer(token))).status).toBe(403);
  });

  test('that nobody knows is asked about once', async () => {
    const { token, id } = await tokenFor(origin(), 'dave', []);
    await origin().api('DELETE', `/tokens/${id}`);
    await Bun.sleep(200);
    const asked = await network.during(() =>
      Promise.all(Array.from({ length: 20 }, () => get('/private/new', bearer(token)))),
    );
    expect(asked.result.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 401));
    expect(
      asked.asked('origin').filter(({ target }) => target.includes('/nodes/tokens/')).length,
    ).toBeLessThanOrEqual(1);
  });
});

describe('the API', () => {
  test('is for administrators', async () => {
    const path = '/.meridian/v1/tokens';
    expect((await get(path)).status).toBe(401);
    const { token: plain } = await tokenFor(origin(), 'alice', []);
    expect((await get(path, bearer(plain))).status).toBe(403);
    const all: Right = { actions: ['read', 'publish', 'delete', 'admin'], routes: ['*'], subjects: ['*'] };
    const { token } = await tokenFor(origin(), 'root', [all]);
    const answer = await get(path, bearer(token));
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain('user:alice');
    expect(text).not.toContain('mrd_');
    const made = await fetch(`${network.url('pop')}${path}`, {
      method: 'POST',
      headers: bearer(token),
      body: JSON.stringify({ owner: 'user:alice', label: 'by API' }),
    });
    expect([made.status, await made.json()]).toEqual([200, expect.objectContaining({ label: 'by API' })]);
    const lines = await (await get('/.meridian/v1/audit?newestFirst=true&limit=1', bearer(token))).json();
    expect(lines).toMatchObject([{ what: 'token.create', by: 'user:root', from: '127.0.0.1' }]);
  });

  test('describes itself, to whoever asks', async () => {
    const answer = await get('/.meridian/v1/openapi.json');
    const description = await answer.json();
    expect(description).toMatchObject({ openapi: '3.1.0' });
    expect(Object.keys(Reflect.get(Object(description), 'paths'))).toContain(
      '/.meridian/v1/teams/{name}/members/{user}',
    );
    expect(JSON.stringify(description)).not.toContain('/nodes/');
  });

  test('is no way to what nodes ask each other', async () => {
    const { token } = await tokenFor(origin(), 'root', []);
    expect((await get('/.meridian/v1/nodes/tokens/abc', bearer(token))).status).toBe(403);
    expect((await get('/.meridian/v1/nodes/tokens/abc')).status).toBe(403);
  });
});
