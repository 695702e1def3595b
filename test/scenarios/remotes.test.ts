/**
 * An upstream that asks to be left alone is, by every origin of the network: what is stored is served although it is
 * stale, everything else is refused with the time that is left.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { web } from '../../src/index.ts';
import {
  eventually,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

let limiting = false;
let upstream: Upstream;
let network: TestNetwork;

beforeAll(async () => {
  upstream = await startUpstream(({ path }) =>
    limiting
      ? { status: 429, headers: { 'retry-after': '4' }, body: 'too many' }
      : { headers: { 'cache-control': 'max-age=0, stale-if-error=600' }, body: path },
  );
  network = await startNetwork({
    nodes: {
      one: { role: 'origin' },
      two: { role: 'origin' },
      'pop-one': { role: 'pop', parents: ['one'] },
      'pop-two': { role: 'pop', parents: ['two'] },
    },
    routes: [web({ upstream: upstream.url })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

test('429 with Retry-After is obeyed by the origin that hears it and by the other one, until its time is over', async () => {
  expect((await ask('pop-one', '/stored')).body).toBe('/stored');
  limiting = true;
  expect((await ask('pop-one', '/first')).status).toBe(429);
  limiting = false;
  upstream.forget();

  const stale = await ask('pop-one', '/stored');
  expect([stale.status, stale.body]).toEqual([200, '/stored']);
  const refused = await ask('pop-one', '/second');
  expect(refused.status).toBe(503);
  expect(Number(refused.retryAfter)).toBeWithin(1, 5);
  await eventually(
    'the other origin to hear of it',
    async () => (await ask('pop-two', '/heard')).status === 503,
    {
      withinMs: 2_500,
    },
  );
  const before = upstream.count();
  for (let n = 0; n < 20; n++) expect((await ask('pop-two', `/third/${n}`)).status).toBe(503);
  expect(upstream.count()).toBe(before);
  expect(upstream.requests().filter(({ path }) => path !== '/heard')).toEqual([]);

  await eventually(
    'its time to be over',
    async () => (await ask('pop-one', `/again/${Date.now()}`)).status === 200,
  );
  expect((await ask('pop-two', '/again')).status).toBe(200);
}, 30_000);

async function ask(pop: string, path: string) {
  const response = await fetch(network.url(pop) + path);
  return {
    status: response.status,
    body: await response.text(),
    retryAfter: response.headers.get('retry-after'),
  };
}
