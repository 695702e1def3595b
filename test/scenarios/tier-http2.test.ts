/**
 * A shield that dies with many requests on one HTTP/2 connection: all of them are asked of the next one, and the
 * loss counts once.
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

const path = (round: string, nth: number) => `/${round}/${nth}`;
let upstream: Upstream;
let network: TestNetwork;

beforeAll(async () => {
  upstream = await startUpstream(async ({ path }) => {
    await Bun.sleep(200);
    return { headers: { 'cache-control': 'max-age=600' }, body: `body of ${path}` };
  });
  const overHttp2 = { tierDoor: { http2: true }, http2: true };
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', ...overHttp2 },
      shield: { role: 'shield', parents: ['origin'], ...overHttp2 },
      spare: { role: 'shield', parents: ['origin'], ...overHttp2 },
      pop: { role: 'pop', parents: ['shield', 'spare'] },
    },
    routes: [web({ upstream: upstream.url })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

async function get(path: string): Promise<string> {
  const response = await fetch(network.url('pop') + path);
  return `${response.status} ${await response.text()}`;
}

test('a shield killed under a crowd of misses fails none of them', async () => {
  expect(await get('/first')).toBe('200 body of /first');
  const crowd = Array.from({ length: 150 }, (_, nth) => path('killed', nth));
  const answers = Promise.all(crowd.map(get));
  await eventually('the shield to be asked', async () => (await network.node('pop').status()).fills === 150);
  await network.node('shield').kill9();
  expect(await answers).toEqual(crowd.map((each) => `200 body of ${each}`));
  const [shield, spare] = (await network.node('pop').status()).parents;
  expect(shield).toMatchObject({ healthy: false, state: 'down' });
  expect(spare).toMatchObject({ healthy: true });
}, 30_000);

test('and is asked again when it is back', async () => {
  await network.node('shield').restart();
  await eventually('it to be well', async () => (await network.node('pop').status()).parents[0]?.healthy);
  expect(await get('/back')).toBe('200 body of /back');
}, 30_000);
