/** Asking upstreams: where credentials go, where redirects lead, and what clients hear of errors. */
import { afterEach, describe, expect, test } from 'bun:test';
import { closeWorld, sha256Of, upstream, upstreamOf, world } from './world.contract.ts';

afterEach(closeWorld);

const path = '/left/left-1.0.bin';
const bytes = 'the bytes of 1.0';
const file = { digest: sha256Of(bytes) };
const to = (location: string) => () => new Response(null, { status: 302, headers: { location } });

describe('the network’s credentials', () => {
  test('go to the source below its own path, and nowhere else', async () => {
    const other = upstreamOf({ '/blob': bytes });
    const has = { [`/repository${path}`]: to('/elsewhere'), '/elsewhere': () => to(`${other.url}/blob`)() };
    const up = upstreamOf(has);
    const { get, sent } = world({
      upstreams: [{ url: `${up.url}/repository`, authorization: 'Basic ours' }],
      file,
    });
    expect((await get(path)).text).toBe(bytes);
    expect(sent.map(({ authorization }) => authorization)).toEqual(['Basic ours', null, null]);
  });

  test('do not go where a document points, unless that is the source itself', async () => {
    const other = upstreamOf({ [path]: bytes });
    const up = upstreamOf({ '/pool/one': bytes });
    const upstreams = [{ url: up.url, authorization: 'Basic ours' }];
    const elsewhere = world({ upstreams, file: { ...file, url: `${other.url}${path}` } });
    expect((await elsewhere.get(path)).text).toBe(bytes);
    const own = world({ upstreams, file: { ...file, url: `${up.url}/pool/one` } });
    expect((await own.get(path)).text).toBe(bytes);
    expect([elsewhere.sent, own.sent].flat().map(({ authorization }) => authorization)).toEqual([
      null,
      'Basic ours',
    ]);
  });

  test('do not take the place of those of whoever asks as himself, whose own are not sent on', async () => {
    const cdn = upstreamOf({ '/blob': bytes });
    const up = upstream(({ headers, url }) => {
      if (headers.get('authorization') !== 'Upstream alice') return new Response('whose?', { status: 403 });
      return new URL(url).pathname === '/left/own' ? to('/left/moved')() : to(`${cdn.url}/blob`)();
    });
    const { get, sent } = world({ upstreams: [{ url: up.url, authorization: 'Basic ours' }] });
    expect((await get('/left/own', { headers: { authorization: 'Upstream alice' } })).text).toBe(bytes);
    expect(sent.map(({ authorization }) => authorization)).toEqual([
      'Upstream alice',
      'Upstream alice',
      null,
    ]);
  });
});

describe('a redirect', () => {
  test.each(['//', 'ftp://example.org/x', 'http://user:word@example.org/x'])(
    'to %s is not followed',
    async (location) => {
      const { get } = world({ upstreams: [upstreamOf({ [path]: to(location) })], file });
      await expect(get(path)).rejects.toMatchObject({ code: 'upstream-invalid' });
    },
  );

  test('is followed five times', async () => {
    const up = upstreamOf({ [path]: to(path) });
    const { get } = world({ upstreams: [up], file });
    await expect(get(path)).rejects.toMatchObject({ code: 'upstream-invalid' });
    expect(up.seen).toHaveLength(6);
  });
});

/** The source itself is on the internet: a document of its leads to it by a name that nobody answers to. */
test.each(['http://127.0.0.1:1/secrets', 'http://[::1]:1/', 'http://169.254.169.254/latest', 'nonsense'])(
  'a document that points at %s, within the network of the origin, is not followed',
  async (url) => {
    const { get, sent } = world({ upstreams: [{ url: 'http://192.0.2.1/toys' }], file: { ...file, url } });
    await expect(get(path)).rejects.toMatchObject({ code: 'upstream-invalid' });
    expect(sent).toEqual([]);
  },
);

test('what a registry behind a proxy says of itself is asked for over TLS, as it is', async () => {
  const { get, sent } = world({
    upstreams: [{ url: 'https://127.0.0.1:1/toys', authorization: 'Basic ours' }],
    file: { ...file, url: 'http://127.0.0.1/toys/pool/one' },
  });
  await expect(get(path)).rejects.toMatchObject({ code: 'upstream-unreachable' });
  expect(sent).toEqual([{ url: 'https://127.0.0.1:1/toys/pool/one', authorization: 'Basic ours' }]);
});

describe('an upstream’s error', () => {
  const plain = { 'content-type': 'text/plain', 'retry-after': '7' };
  const html = { 'content-type': 'text/html' };
  test.each([
    [403, plain, 'paid plans alone', 403, 'toy 403: paid plans alone', 'no-store'],
    [402, html, '<h1>Pay</h1>', 402, 'toy 402: The upstream refuses left/left-1.0.bin (402).', 'no-store'],
    [400, plain, 'two\nlines', 400, 'toy 400: The upstream refuses left/left-1.0.bin (400).', 'no-store'],
    [
      403,
      plain,
      'x'.repeat(3_000),
      403,
      'toy 403: The upstream refuses left/left-1.0.bin (403).',
      'no-store',
    ],
    [404, plain, 'no', 404, 'toy 404: There is no left/left-1.0.bin.', 'public, max-age=10'],
    [451, plain, 'no', 451, 'toy 451: There is no left/left-1.0.bin.', 'no-store'],
    [429, plain, 'no', 429, 'toy 429: The upstream answers 429 for left/left-1.0.bin.', 'no-store'],
    [503, plain, 'no', 503, 'toy 503: The upstream answers 503 for left/left-1.0.bin.', 'no-store'],
  ])(
    '%i becomes what a client should hear',
    async (status, headers, body, toldStatus, text, cacheControl) => {
      const { get } = world({ upstreams: [upstream(() => new Response(body, { status, headers }))], file });
      const told = await get(path);
      expect([told.status, told.text, told.headers.get('cache-control')]).toEqual([
        toldStatus,
        text,
        cacheControl,
      ]);
      expect(told.headers.get('retry-after')).toBe(status === 429 || status === 503 ? '7' : null);
    },
  );

  test.each([401, 407, 405, 204])('%i says that something is wrong between the two', async (status) => {
    const { get } = world({ upstreams: [upstream(() => new Response(null, { status }))], file });
    await expect(get(path)).rejects.toMatchObject({
      code: 'upstream-invalid',
      detail: expect.stringContaining(status === 401 || status === 407 ? 'authorization' : String(status)),
    });
  });

  test('a part that nobody has asked for is no answer', async () => {
    const up = upstream(
      () => new Response('part', { status: 206, headers: { 'content-range': 'bytes 0-3/16' } }),
    );
    const { get } = world({ upstreams: [up], file });
    await expect(get(path)).rejects.toMatchObject({ code: 'upstream-invalid' });
  });
});
