/**
 * What clients of a PoP see of the rules of HTTP caching, through all tiers: fields that belong to a tier, lengths,
 * methods, and what a response says of how it came about.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { parseCacheStatus } from '../../src/http/cache-status.ts';
import { web } from '../../src/index.ts';
import { startNetwork, startUpstream, type TestNetwork, type Upstream } from '../support/index.ts';

let upstream: Upstream;
let network: TestNetwork;
const answers = new Map<string, { headers: Record<string, string>; body?: string }>();

beforeAll(async () => {
  upstream = await startUpstream(({ target, method }) => {
    const { headers: fields, body } = answers.get(`${method} ${target}`) ??
      answers.get(target) ?? { headers: { 'cache-control': 'max-age=600' } };
    return {
      headers: { ...fields },
      body: body ?? `${method} ${target}`,
    };
  });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      pop: { role: 'pop', parents: ['origin'], cacheStatusKey: true },
    },
    routes: [
      web({ name: 'careful', match: { path: '/careful' }, upstream: upstream.url, setCookie: 'pass' }),
      web({ upstream: upstream.url }),
    ],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

function get(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(network.url('pop') + path, init);
}

/** The PoP's own word on how a response came about. */
function ofPop(response: Response) {
  return parseCacheStatus(response.headers.get('cache-status') ?? '').find(({ cache }) => cache === 'pop');
}

describe('targeted fields', () => {
  test('the one for Meridian reaches every tier and no client, the one for all delivery networks goes on', async () => {
    const fields = {
      'cache-control': 'no-store',
      'cdn-cache-control': 'no-store',
      'meridian-cdn-cache-control': 'max-age=60',
    };
    answers.set('/targeted', { headers: fields });
    await (await get('/targeted')).text();
    const second = await get('/targeted');
    expect(ofPop(second)).toMatchObject({ hit: true });
    expect(second.headers.get('meridian-cdn-cache-control')).toBeNull();
    expect(second.headers.get('cdn-cache-control')).toBe('no-store');
    expect(upstream.count('/targeted')).toBe(1);
  });
});

describe('a small response', () => {
  test('has a length on a miss, on a hit, and when it is not stored at all', async () => {
    answers.set('/passed', { headers: { 'cache-control': 'no-store' } });
    for (const path of ['/small', '/small', '/passed']) {
      const response = await get(path);
      expect(response.headers.get('content-length')).toBe(String(`GET ${path}`.length));
      expect(await response.text()).toBe(`GET ${path}`);
    }
  });

  test('that breaks off is an error that the client can read', async () => {
    upstream.fault({ as: 'cut', afterBytes: 5 }, ({ path }) => path === '/cut');
    const response = await get('/cut');
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      502,
      'upstream-truncated',
    ]);
    upstream.fault(null);
  });

  test('that drips is sent as it comes', async () => {
    upstream.fault({ as: 'slow', bytesPerSecond: 50 }, ({ path }) => path === '/drip');
    answers.set('/drip', { headers: { 'cache-control': 'max-age=600' }, body: 'x'.repeat(40) });
    const response = await get('/drip');
    expect(response.headers.get('content-length')).toBeNull();
    expect(await response.text()).toBe('x'.repeat(40));
    upstream.fault(null);
  });

  test('has its length for a HEAD too, which is answered from what a GET has stored', async () => {
    await (await get('/headed')).text();
    const response = await get('/headed', { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe(String('GET /headed'.length));
    expect(ofPop(response)).toMatchObject({ hit: true });
    expect(upstream.count('/headed')).toBe(1);
  });
});

describe('methods', () => {
  test('that Meridian does not know are passed on, and have the page forgotten', async () => {
    await (await get('/odd')).text();
    const odd = await get('/odd', { method: 'M-SEARCH', body: 'abc' });
    expect(await odd.text()).toBe('M-SEARCH /odd');
    expect(ofPop(await get('/odd'))).toMatchObject({ fwd: 'uri-miss' });
    expect(upstream.count('/odd')).toBe(3);
  });

  test('that are safe leave it as it is', async () => {
    await (await get('/safe')).text();
    await (await get('/safe', { method: 'PROPFIND', body: '<x/>' })).text();
    expect(ofPop(await get('/safe'))).toMatchObject({ hit: true });
  });

  test('that change something have forgotten what the answer points to', async () => {
    await (await get('/list')).text();
    answers.set('POST /item', { headers: { location: '/list' } });
    await (await get('/item', { method: 'POST', body: 'x' })).text();
    expect(ofPop(await get('/list'))).toMatchObject({ fwd: 'uri-miss' });
  });

  test('a POST that says where its answer is found stands for a GET', async () => {
    const headers = { 'cache-control': 'max-age=60', 'content-location': '/search' };
    answers.set('POST /search', { headers, body: 'found' });
    const posted = await get('/search', { method: 'POST', body: 'x' });
    expect([await posted.text(), ofPop(posted)]).toMatchObject(['found', { fwd: 'method', stored: true }]);
    const got = await get('/search');
    expect([await got.text(), ofPop(got)]).toMatchObject(['found', { hit: true }]);
  });
});

describe('cookies', () => {
  const set = { 'cache-control': 'max-age=60', 'set-cookie': 'a=b' };

  test('that a response sets are stored with it when it says for how long', async () => {
    answers.set('/cookie', { headers: set });
    await (await get('/cookie')).text();
    const second = await get('/cookie');
    expect([ofPop(second)?.hit, second.headers.get('set-cookie')]).toEqual([true, 'a=b']);
  });

  test('that a response sets keep it out of the store of a route that is told so', async () => {
    answers.set('/kept-out', { headers: set });
    for (let time = 0; time < 2; time++) {
      expect(ofPop(await get('/careful/kept-out'))).toMatchObject({ fwd: 'uri-miss', detail: 'cookie' });
    }
  });

  test('that are for one client go to that one', async () => {
    answers.set('/own', { headers: { ...set, 'cache-control': 'max-age=60, no-cache="set-cookie"' } });
    const [first, second] = [await get('/own'), await get('/own')];
    expect([first.headers.get('set-cookie'), second.headers.get('set-cookie')]).toEqual(['a=b', null]);
    expect(ofPop(second)).toMatchObject({ hit: true });
  });
});

test('parameters that make no difference do not, through all tiers', async () => {
  const headers = { 'cache-control': 'max-age=60', 'no-vary-search': 'key-order, params=("utm")' };
  answers.set('/nvs?a=1&b=2&utm=x', { headers });
  await (await get('/nvs?a=1&b=2&utm=x')).text();
  const second = await get('/nvs?b=2&utm=y&a=1');
  expect([ofPop(second)?.hit, await second.text()]).toEqual([true, 'GET /nvs?a=1&b=2&utm=x']);
});

test('the key is named where the node is told to', async () => {
  const paths = ['/keyed', '/keyed'];
  for (const path of paths) expect(ofPop(await get(path))).toMatchObject({ key: 'web /keyed' });
  answers.set('/never', { headers: { 'cache-control': 'no-store' } });
  expect(ofPop(await get('/never'))).toMatchObject({
    key: 'web /never',
    fwd: 'uri-miss',
    detail: 'no-store',
  });
});
