/** Files: the digest that every tier compares, parts, what may be kept, and of which source they are. */
import { afterEach, describe, expect, test } from 'bun:test';
import { formatReprDigest } from '../../http/digest.ts';
import { etagOf } from './answers.ts';
import { closeWorld, sha256Of, upstream, upstreamOf, world } from './world.contract.ts';

afterEach(closeWorld);

const path = '/left/left-1.0.bin';
const bytes = 'the bytes of 1.0';
const digest = sha256Of(bytes);

/** An upstream that knows ranges, as far as a test needs them. */
function ranged(text: string) {
  return upstream(({ headers }) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.get('range') ?? '') ?? [];
    if (from === undefined || to === undefined) return new Response(text);
    const range = `bytes ${from}-${to}/${text.length}`;
    return new Response(text.slice(Number(from), Number(to) + 1), {
      status: 206,
      headers: { 'content-range': range },
    });
  });
}

describe('with a digest', () => {
  test('a file bears it for all tiers, and is kept for good', async () => {
    const { get } = world({
      upstreams: [upstreamOf({ [path]: bytes })],
      file: { digest, fields: { 'x-toy': 'yes' } },
    });
    const { status, text, headers } = await get(path);
    expect([status, text]).toEqual([200, bytes]);
    expect(Object.fromEntries(headers)).toMatchObject({
      ...{ 'cache-control': 'public, max-age=31536000, immutable', 'content-type': 'application/x-toy' },
      ...{ etag: etagOf(digest), 'repr-digest': formatReprDigest(digest), 'x-toy': 'yes' },
    });
  });

  test('what is stored is confirmed without a question', async () => {
    const up = upstreamOf({ [path]: bytes });
    const { get } = world({ upstreams: [up], file: { digest } });
    await get(path);
    expect((await get(path)).status).toBe(304);
    expect(up.seen).toHaveLength(1);
  });

  test('no part is asked for where only the whole can be compared', async () => {
    const up = ranged(bytes);
    const { get } = world({ upstreams: [up], file: { digest }, inParts: true });
    expect(await get(path, { part: { range: 'bytes=4-8' } })).toMatchObject({ status: 200, text: bytes });
    expect(up.fields[0]?.has('range')).toBe(false);
  });

  test('what is compared as a whole later may be had in parts meanwhile, of the same version', async () => {
    const up = ranged(bytes);
    const { get } = world({ upstreams: [up], file: { digest }, inParts: 'ahead' });
    const range = 'bytes=4-8';
    expect(await get(path, { part: { range, ifRange: etagOf(digest) } })).toMatchObject({
      status: 206,
      text: 'bytes',
    });
    expect((await get(path, { part: { range, ifRange: '"another"' } })).status).toBe(200);
    expect(up.fields.map((fields) => [fields.get('range'), fields.get('if-range')])).toEqual([
      [range, null],
      [null, null],
    ]);
  });
});

describe('without a digest', () => {
  const answer = (text: string, fields: Record<string, string>) => () =>
    new Response(text, { headers: fields });

  test('a file is not kept', async () => {
    const { get } = world({ upstreams: [upstreamOf({ [path]: answer(bytes, { etag: '"one"' }) })] });
    const { headers } = await get(path);
    expect([headers.get('cache-control'), headers.get('etag')]).toEqual(['no-store', null]);
  });

  test('it is where its address never means another one, and then its parts are the upstream’s', async () => {
    const { get } = world({ upstreams: [ranged(bytes)], file: { neverChanges: true }, inParts: true });
    expect((await get(path)).headers.get('cache-control')).toContain('immutable');
    const part = await get(path, { part: { range: 'bytes=0-2' } });
    expect([part.status, part.text, part.headers.get('content-range')]).toEqual([206, 'the', 'bytes 0-2/16']);
  });

  test('what may be replaced is confirmed by the upstream that it came from', async () => {
    const up = upstream(({ headers }) =>
      headers.get('if-none-match') === '"one"'
        ? new Response(null, { status: 304 })
        : answer(bytes, { etag: '"one"' })(),
    );
    const { get } = world({ upstreams: [up], file: { cacheControl: 'public, max-age=60' } });
    expect((await get(path)).headers.get('etag')).toBe('"one"');
    const again = await get(path);
    expect([again.status, again.headers.get('cache-control')]).toEqual([304, 'public, max-age=60']);
  });

  test('another source is not asked to confirm it: an older file of its own would do', async () => {
    let isGone = false;
    const modified = { 'last-modified': 'Tue, 02 Jun 2026 00:00:00 GMT' };
    const one = upstream(() => (isGone ? new Response('', { status: 404 }) : answer(bytes, modified)()));
    const two = upstream(({ headers }) =>
      headers.has('if-modified-since') ? new Response(null, { status: 304 }) : new Response('other bytes'),
    );
    const { get } = world({ upstreams: [one, two], file: { cacheControl: 'public, max-age=60' } });
    await get(path);
    isGone = true;
    expect(await get(path)).toMatchObject({ status: 200, text: 'other bytes' });
  });

  test('what is no entity tag does not become one, and a coding is told', async () => {
    const has = { [path]: answer('coded', { etag: 'one, "two"', 'content-encoding': 'br' }) };
    const { get } = world({ upstreams: [upstreamOf(has)], file: { neverChanges: true } });
    const { headers } = await get(path);
    expect([headers.get('etag'), headers.get('content-encoding')]).toEqual([null, 'br']);
  });
});

describe('of several sources', () => {
  test.each([404, 410, 451])(
    'one that answers %i does not have it, and the next is asked',
    async (status) => {
      const one = upstream(() => new Response('', { status }));
      const { get } = world({ upstreams: [one, upstreamOf({ [path]: bytes })], file: { digest } });
      expect((await get(path)).text).toBe(bytes);
    },
  );

  test('one that fails says nothing of that', async () => {
    const two = upstreamOf({ [path]: bytes });
    const { get } = world({
      upstreams: [upstream(() => new Response('', { status: 503 })), two],
      file: { digest },
    });
    expect((await get(path)).status).toBe(503);
    expect(two.seen).toEqual([]);
  });

  test('where nobody may be asked, there is none', async () => {
    const { get } = world({ upstreams: [{ url: 'http://127.0.0.1:1', names: ['acme-*'] }] });
    expect((await get(path)).status).toBe(404);
  });
});

test('a question for the head alone is passed on as one', async () => {
  const up = upstreamOf({ [path]: () => new Response(null, { headers: { 'content-length': '16' } }) });
  const { get } = world({ upstreams: [up], file: { digest } });
  const { status, text, headers } = await get(path, { method: 'HEAD' });
  expect([status, text, headers.get('repr-digest')]).toEqual([200, '', formatReprDigest(digest)]);
  expect(up.seen).toEqual([`HEAD ${path}`]);
});

test('a file of a version that the policy is against is refused, and not fetched', async () => {
  const up = upstreamOf({ [path]: bytes, '/left/left-2.0.bin': bytes });
  const { get } = world({ upstreams: [up], file: { digest }, policy: { blocked: ['LEFT@<2'] } });
  const told = await get(path);
  expect([told.status, told.text, told.headers.get('content-type')]).toEqual([
    403,
    expect.stringContaining('toy 403: left@1.0 is refused by the policy'),
    'text/x-toy',
  ]);
  expect((await get('/left/left-2.0.bin')).status).toBe(200);
  expect(up.seen).toEqual(['GET /left/left-2.0.bin']);
});
