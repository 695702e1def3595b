/**
 * Rights while a response is on its way: somebody joins a fill that another one has begun, is told something meanwhile that takes
 * his right away, or gets it; and what holds for a stream that has begun.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Right } from '../../src/identity.ts';
import { web } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  eventually,
  noise,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

const reading: Right = { actions: ['read'], routes: ['closed'], subjects: ['*'] };
const long = `the secret text ${noise('secret', 1_000_000)}`;
const pops = ['pop', 'crew'] as const;

/** Until when the upstream holds back what. */
const held = new Map<string, Promise<void>>();
let upstream: Upstream;
let network: TestNetwork;

beforeAll(async () => {
  upstream = await startUpstream(async ({ target }) => {
    await held.get(target);
    return {
      headers: { 'cache-control': 'max-age=600', etag: '"secret-tag"' },
      body: target.includes('short') ? `the secret text of ${target}` : long,
    };
  });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
      crew: { role: 'pop', parents: ['shield'], workers: 2 },
    },
    routes: [web({ name: 'closed', access: 'closed', upstream: upstream.url })],
  });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

const get = (pop: string, path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(network.url(pop) + path, { method, headers, keepalive: false });

const token = (name: string, options = {}) => tokenFor(network.node('origin'), name, [reading], options);

async function isKnown(pop: string, one: string): Promise<void> {
  await eventually('the token to be good', async () => {
    const answer = await get(pop, '/short/known', bearer(one));
    await answer.text();
    return answer.status === 200;
  });
}

/** Holds the upstream's answer to this path back. @returns lets it go. */
function hold(path: string): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  held.set(path, promise);
  return resolve;
}

const isAsked = (path: string) => eventually('the upstream to be asked', () => upstream.count(path) > 0);

for (const pop of pops) {
  test(`whoever joins a fill that streams at ${pop} gets none of it without a right`, async () => {
    const { token: good } = await token('reader');
    await isKnown(pop, good);
    const path = `/long/${pop}`;
    upstream.fault({ as: 'slow', bytesPerSecond: 700_000 }, ({ target }) => target.startsWith(path));
    const reader = await get(pop, path, bearer(good));
    expect(reader.status).toBe(200);
    for (const headers of [
      {},
      { range: 'bytes=0-9' },
      { 'if-none-match': '"secret-tag"' },
      { 'cache-control': 'only-if-cached' },
    ])
      for (const method of ['GET', 'HEAD']) {
        const answer = await get(pop, path, { ...headers }, method);
        const text = await answer.text();
        expect([answer.status, text.includes('secret text'), answer.headers.has('etag')]).toEqual([
          401,
          false,
          false,
        ]);
      }
    const second = await get(pop, path, { ...bearer(good), range: 'bytes=0-9' });
    expect([second.status, await second.text()]).toEqual([206, long.slice(0, 10)]);
    expect((await reader.text()) === long).toBe(true);
    upstream.fault(null);
  }, 30_000);

  test(`whose right is taken away while he waits at ${pop} gets nothing, and who began to read reads on`, async () => {
    const origin = network.node('origin');
    const [kept, lost] = [await token('reader'), await token('leaver')];
    for (const one of [kept, lost]) for (const _ of [1, 2, 3]) await isKnown(pop, one.token);
    const path = `/waited/${pop}`;
    upstream.fault({ as: 'slow', bytesPerSecond: 400_000 }, ({ target }) => target.startsWith(path));
    const streaming = await get(pop, path, bearer(lost.token));
    expect(streaming.status).toBe(200);
    const begun = streaming.body?.getReader();
    const first = (await begun?.read())?.value?.length ?? 0;

    const waited = `/short/held/${pop}`;
    const letGo = hold(waited);
    const waiters = [kept, lost, lost].map(({ token }) => get(pop, waited, bearer(token)));
    await isAsked(waited);
    await origin.api('DELETE', `/tokens/${lost.id}`);
    await eventually('the token to be refused', async () => {
      const answers = await Promise.all([1, 2, 3, 4].map(() => get(pop, '/short/known', bearer(lost.token))));
      for (const answer of answers) await answer.text();
      return answers.every(({ status }) => status === 401);
    });
    letGo();
    const answers = await Promise.all(waiters);
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 401]);
    expect(texts.map((text) => text.includes('secret text'))).toEqual([true, false, false]);

    let read = first;
    for (let piece = await begun?.read(); piece && !piece.done; piece = await begun?.read())
      read += piece.value.length;
    expect(read).toBe(long.length);
    expect((await get(pop, path, { ...bearer(lost.token), range: 'bytes=0-9' })).status).toBe(401);
    upstream.fault(null);
  }, 30_000);

  test(`whose token expires while he waits at ${pop} gets nothing`, async () => {
    const brief = await token('brief', { expiresS: 2 });
    const waited = `/short/brief/${pop}`;
    const letGo = hold(waited);
    const waiter = get(pop, waited, bearer(brief.token));
    await isAsked(waited);
    await eventually('the token to expire', async () => {
      const answer = await get(pop, '/short/known', bearer(brief.token));
      await answer.text();
      return answer.status === 401;
    });
    letGo();
    const answer = await waiter;
    expect([answer.status, (await answer.text()).includes('secret text')]).toEqual([401, false]);
  }, 30_000);
}

test('no shield and no origin gives a client anything, whatever he shows', async () => {
  const { token: good } = await token('reader');
  for (const node of ['shield', 'origin'])
    for (const headers of [{}, bearer(good)]) {
      const answer = await get(node, '/short/known', headers);
      expect([node, answer.status, (await answer.text()).includes('secret text')]).toEqual([
        node,
        403,
        false,
      ]);
    }
});
