/**
 * Upstream registries that mean ill, and those whose passwords are not right: what they say is passed to nobody but them, followed nowhere but
 * where it may be, and kept only where it is what its digest says.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { oci } from '../../src/index.ts';
import { random } from '../support/image.ts';
import { startNetwork, startUpstream, type TestNetwork, type Upstream } from '../support/index.ts';
import { digestOf } from '../support/oci-registry.ts';
import type { Handler, UpstreamAnswer } from '../support/upstream.ts';

/** The registry, and another host to which it may send. */
let registry: Upstream;
let other: Upstream;
let network: TestNetwork;
let answer: Handler = () => ({ status: 404 });
let otherwise: Handler = () => ({ status: 404 });

const type = 'application/vnd.oci.image.manifest.v1+json';
const password = `Basic ${btoa('meridian:secret word')}`;

beforeAll(async () => {
  registry = await startUpstream((request) => answer(request));
  other = await startUpstream((request) => otherwise(request));
  const source = { name: 'hub.example', url: registry.url, username: 'meridian', password: 'secret word' };
  network = await startNetwork({
    nodes: { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'] } },
    routes: [
      oci({ sources: [source, { name: 'open.example', url: registry.url }], metadata: { freshS: '1s' } }),
    ],
  });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  for (const each of [registry, other]) await each?.off();
}, 30_000);

beforeEach(() => {
  answer = otherwise = () => ({ status: 404 });
  for (const each of [registry, other]) each.forget();
});

const get = (path: string, init?: RequestInit) => fetch(`${network.url('pop')}/v2/${path}`, init);
const textAt = async (path: string, init?: RequestInit) => {
  const got = await get(path, init);
  return [got.status, await got.text()] as const;
};
const asks = (realm: string): UpstreamAnswer => ({
  status: 401,
  headers: { 'www-authenticate': `Bearer realm="${realm}",service="test"` },
});
const shown = ({ requests }: Upstream) => requests().map(({ headers }) => headers.get('authorization'));
const blobPath = () => `hub.example/app/blobs/${digestOf(random(20))}`;

describe('the password of a source', () => {
  test('is not for a host that blobs are redirected to, whatever that asks for', async () => {
    answer = () => ({ status: 307, headers: { location: `${other.url}/blob` } });
    for (const challenge of [
      asks(`${other.url}/token`),
      { status: 401, headers: { 'www-authenticate': 'Basic' } },
    ]) {
      otherwise = () => challenge;
      for (const method of ['GET', 'HEAD']) {
        const { status } = await get(blobPath(), { method });
        expect([method, status]).toEqual([method, 502]);
      }
    }
    expect(other.count('/token')).toBe(0);
    expect([...shown(other), ...shown(registry)].filter((field) => field !== null)).toEqual([]);
  });

  test('is not for an address with another one in it', async () => {
    answer = () => asks(`http://a:b@127.0.0.1:${other.port}/token`);
    expect((await textAt(blobPath()))[0]).toBe(502);
    answer = () => ({ status: 307, headers: { location: `http://a:b@127.0.0.1:${other.port}/blob` } });
    expect((await textAt(blobPath()))[0]).toBe(502);
    expect(other.count()).toBe(0);
  });

  test('is not sent on by a token service', async () => {
    answer = ({ path }) =>
      path === '/token'
        ? { status: 307, headers: { location: `${other.url}/token` } }
        : asks(`${registry.url}/token`);
    expect((await textAt(blobPath()))[0]).toBe(502);
    expect(other.count()).toBe(0);
  });

  test('is not a client’s to give: what he shows goes no further than the PoP', async () => {
    const authorization = `Basic ${btoa('client:his own')}`;
    await get(blobPath(), { headers: { authorization, cookie: 'his=own', 'x-registry-auth': 'his own' } });
    expect(registry.count()).toBe(1);
    const fields = registry.requests().map(({ headers }) => JSON.stringify([...headers]));
    expect(fields.join()).not.toContain('own');
  });

  test('that a registry itself refuses is told of, shown seldom, and does not make an image unknown', async () => {
    answer = () => ({ status: 401, headers: { 'www-authenticate': 'Basic realm="test"' } });
    for (let time = 0; time < 3; time++) {
      const [status, text] = await textAt('hub.example/wrong/manifests/v1');
      expect([status, text]).toEqual([502, expect.stringContaining('check the `username` and `password`')]);
    }
    expect(shown(registry).filter((field) => field === password)).toHaveLength(1);
  });
});

describe('a token service', () => {
  const manifest = new TextEncoder().encode(
    JSON.stringify({ schemaVersion: 2, mediaType: type, layers: [] }),
  );
  const oneThat = (body: string, status = 200) => {
    answer = ({ path, headers }) => {
      if (path === '/token') return { status, body };
      if (headers.get('authorization') !== 'Bearer good') return asks(`${registry.url}/token`);
      return {
        headers: { 'content-type': type, 'docker-content-digest': digestOf(manifest) },
        body: manifest,
      };
    };
  };

  test('may say anything about how long a token is good', async () => {
    for (const [at, expiresIn] of [undefined, 0, -5, null, '300', 1e300, 'soon'].entries()) {
      oneThat(JSON.stringify({ token: 'good', expires_in: expiresIn }));
      expect([expiresIn, (await get(`hub.example/expires/${at}/manifests/v1`)).status]).toEqual([
        expiresIn,
        200,
      ]);
    }
  });

  test('gives nothing by what is no token', async () => {
    const texts = [
      ...['', '{', '[]', '{"token":""}', '{"token":7}', '{"token":"a\\r\\nx: y"}', '{"token":"a b"}'],
      JSON.stringify({ token: 'x'.repeat(40_000) }),
      JSON.stringify({ token: 'good', more: 'x'.repeat(300_000) }),
      '['.repeat(200_000),
    ];
    for (const [at, text] of texts.entries()) {
      oneThat(text);
      expect([text.slice(0, 40), (await textAt(`hub.example/no/${at}/manifests/v1`))[0]]).toEqual([
        text.slice(0, 40),
        502,
      ]);
    }
    oneThat('{"access_token":"good","token":7}');
    expect((await get('hub.example/after/manifests/v1')).status).toBe(200);
  });

  test('that limits is a limit', async () => {
    oneThat('', 429);
    const limited = await get('open.example/limited/manifests/v1');
    expect([limited.status, Number(limited.headers.get('retry-after')) > 0]).toEqual([503, true]);
  });
});

describe('a registry that means ill', () => {
  const says = (body: Uint8Array | string, headers: Record<string, string> = {}) => {
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    answer = ({ path }) =>
      path.includes('/manifests/')
        ? {
            headers: { 'content-type': type, 'docker-content-digest': digestOf(bytes), ...headers },
            body: bytes,
          }
        : { status: 404 };
    return digestOf(bytes);
  };

  test('is followed a few times only', async () => {
    answer = ({ path }) => ({ status: 302, headers: { location: path } });
    expect((await textAt(blobPath()))[0]).toBe(502);
    expect(registry.count()).toBe(6);
    answer = () => ({ status: 302 });
    expect((await textAt(blobPath()))[0]).toBe(502);
  });

  test('gives no other manifest than its digest says', async () => {
    says('{"other":true}', { 'docker-content-digest': digestOf(random(9)) });
    for (const pop of [1, 2])
      expect([pop, (await textAt('open.example/other/manifests/v1'))[0]]).toEqual([pop, 502]);
  });

  test('gives no page', async () => {
    for (const stated of ['text/html', 'application/xhtml+xml', 'application/vnd.x+xml', 'image/svg+xml']) {
      const digest = says(`<script>alert(1)</script>${stated}`, { 'content-type': stated });
      for (const reference of ['page', digest]) {
        const got = await get(`open.example/page/${stated.length}/manifests/${reference}`);
        expect([stated, got.status, got.headers.get('content-type')]).toEqual([
          stated,
          200,
          'application/octet-stream',
        ]);
      }
    }
  });

  test('has no layer fetched that lies elsewhere, nor what is no digest', async () => {
    otherwise = () => ({ body: 'fetched' });
    const layer = { mediaType: 'application/octet-stream', size: 7, digest: digestOf(random(7)) };
    const layers = [
      { ...layer, urls: [`${other.url}/layer`] },
      { ...layer, digest: 'sha256:../../../../etc/passwd' },
      { ...layer, digest: `${other.url}/layer` },
    ];
    says(JSON.stringify({ schemaVersion: 2, mediaType: type, layers }));
    expect((await get('open.example/urls/manifests/v1')).status).toBe(200);
    await Bun.sleep(100);
    expect([other.count(), registry.requests().every(({ path }) => path.includes('/manifests/'))]).toEqual([
      0,
      true,
    ]);
  });

  test('is read to a bound, however long and however deep its manifests are', async () => {
    says(new Uint8Array(17 * 2 ** 20).fill(0x20));
    expect((await textAt('open.example/long/manifests/v1'))[0]).toBe(502);
    says('['.repeat(4_000_000));
    expect((await get('open.example/deep/manifests/v1')).status).toBe(200);
    const layers = Array.from({ length: 50_000 }, () => ({ digest: digestOf(random(4)), size: 4 }));
    says(JSON.stringify({ schemaVersion: 2, layers }));
    expect((await get('open.example/many/manifests/v1')).status).toBe(200);
    expect((await get('open.example/after/manifests/none')).status).toBe(200);
  }, 20_000);

  test('with a status of its own invention is a failure like others', async () => {
    answer = () => ({ status: 799 });
    expect((await get('open.example/status/manifests/v1')).status).toBeGreaterThanOrEqual(500);
  });
});
