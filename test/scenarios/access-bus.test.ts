/**
 * A PoP that hears nothing any more of who may have what: it goes on for a while, then lets nobody in who needs a token, and
 * serves what everybody may read. And a bus that has lost all it had.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { RedisClient } from 'bun';
import { z } from 'zod';
import type { Right } from '../../src/identity.ts';
import { redis, web } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  eventually,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { type KvServer, kvServerProblem, startKvServer } from '../support/kv-servers.ts';
import { available } from '../support/needs.ts';

const canRun = available('redis', kvServerProblem('redis'));
const reading: Right = { actions: ['read'], routes: ['closed'], subjects: ['*'] };
let server: KvServer;
let upstream: Upstream;
let network: TestNetwork;

beforeAll(async () => {
  if (!canRun) return;
  server = await startKvServer('redis');
  upstream = await startUpstream(({ target }) => ({
    headers: { 'cache-control': 'max-age=600' },
    body: target,
  }));
  network = await startNetwork({
    bus: redis({ url: server.url }),
    access: { trustS: 2 },
    nodes: {
      origin: { role: 'origin' },
      pop: { role: 'pop', parents: ['origin'] },
      crew: { role: 'pop', parents: ['origin'], workers: 2 },
    },
    routes: [
      web({ name: 'closed', match: { path: '/closed' }, access: 'closed', upstream: upstream.url }),
      web({ name: 'public', upstream: upstream.url }),
    ],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
  await server?.[Symbol.asyncDispose]();
}, 30_000);

async function statusOf(path: string, headers: Record<string, string> = {}): Promise<number> {
  const answer = await fetch(network.url('pop') + path, { headers });
  await answer.text();
  return answer.status;
}

/** None of what is not a hash. */
async function fieldsOf(client: RedisClient, key: string): Promise<string[]> {
  if ((await client.send('TYPE', [key])) !== 'hash') return [];
  return z.array(z.string()).parse(await client.send('HKEYS', [key]));
}

describe.skipIf(!canRun)('a PoP', () => {
  test('without a bus knows its tokens for a while, then serves what is public, and recovers', async () => {
    const { token } = await tokenFor(network.node('origin'), 'alice', [reading]);
    await eventually(
      'the token to be good',
      async () => (await statusOf('/closed/a', bearer(token))) === 200,
    );
    await server.kill();
    expect(await statusOf('/closed/a', bearer(token))).toBe(200);
    await eventually(
      'tokens to count for nothing',
      async () => (await statusOf('/closed/a', bearer(token))) === 503,
    );
    const refused = await fetch(`${network.url('pop')}/closed/a`, { headers: bearer(token) });
    expect([refused.headers.get('retry-after'), await refused.json()]).toEqual([
      '5',
      expect.objectContaining({ code: 'access-unknown' }),
    ]);
    expect(await statusOf('/closed/a')).toBe(401);
    for (const path of ['/a', '/never-asked-for']) {
      expect(await statusOf(path)).toBe(200);
      expect(await statusOf(path, bearer(token))).toBe(200);
    }
    await server.restart();
    await eventually(
      'tokens to count again',
      async () => (await statusOf('/closed/a', bearer(token))) === 200,
    );
  }, 30_000);

  test('never lets a token in that was revoked while nobody could hear of it, once it has let none in, at any worker', async () => {
    const origin = network.node('origin');
    const { token, id } = await tokenFor(origin, 'cut', [reading]);
    const { token: kept } = await tokenFor(origin, 'kept', [reading]);
    // Each connection gets to either of the crew's workers: with so many, one of them is not passed over for as long as they are asked again and again.
    const said = (one: string) =>
      Promise.all(
        ['pop', ...Array.from({ length: 32 }, () => 'crew')].map(async (pop) => {
          const headers = bearer(one);
          const answer = await fetch(`${network.url(pop)}/closed/cut`, { headers, keepalive: false });
          return [answer.status, (await answer.text()) === '/cut'];
        }),
      );
    const all = async (one: string, status: number) =>
      (await said(one)).every(([is, told]) => is === status && told === (status === 200));
    for (const one of [token, kept]) await eventually('the token to be good', () => all(one, 200));
    await server.kill();
    await origin.api('DELETE', `/tokens/${id}`);
    await eventually('tokens to count for nothing at any worker', () => all(token, 503));
    const after: unknown[] = [];
    let isOver = false;
    const watch = (async () => {
      while (!isOver) after.push(...(await said(token)));
    })();
    await server.restart();
    await eventually('the token to be refused', () => all(token, 401), { withinMs: 15_000 });
    await eventually('the other one to be good', () => all(kept, 200), { withinMs: 15_000 });
    isOver = true;
    await watch;
    expect(after.filter((one) => Array.isArray(one) && one[1] === true)).toEqual([]);
  }, 40_000);

  test('whose bus has lost everything is told all of it again', async () => {
    const origin = network.node('origin');
    const { token, id } = await tokenFor(origin, 'bob', [reading]);
    await eventually(
      'the token to be good',
      async () => (await statusOf('/closed/b', bearer(token))) === 200,
    );
    const client = new RedisClient(server.url);
    await client.send('FLUSHALL', []);
    // Nobody is locked out meanwhile: what is not known is asked about.
    expect(await statusOf('/closed/b', bearer(token))).toBe(200);
    await eventually('the bus to have all of it', async () => {
      const views = z.array(z.string()).parse(await client.send('KEYS', ['*view*access*']));
      const held = await Promise.all(views.map((key) => fieldsOf(client, key)));
      return ['user.alice', 'user.bob'].every((name) => held.flat().includes(name));
    });
    client.close();
    expect(await statusOf('/closed/b', bearer(token))).toBe(200);
    await origin.api('DELETE', `/tokens/${id}`);
    await eventually(
      'the token to be refused',
      async () => (await statusOf('/closed/b', bearer(token))) === 401,
    );
  }, 30_000);
});
