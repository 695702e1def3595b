/**
 * The OCI Distribution Specification 1.1 as clients of all kinds speak it: ranges of blobs (RFC 9110 §14), places that are told, and requests
 * as old and as odd as HTTP allows. The names of the groups are its sections; docs/conformance.md lists them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { random } from '../support/image.ts';
import {
  addressOf,
  credentials,
  digestOf,
  manifestIn,
  placeIn,
  pushBlob,
  putManifest,
  send,
  sendBytes,
  startHosting,
  stopHosting,
  withDigest,
} from './registry.ts';

beforeAll(startHosting, 60_000);
afterAll(stopHosting, 30_000);

const codeOf = (answer: { readonly body: Buffer } | null) =>
  JSON.parse(answer?.body.toString() ?? '').errors[0].code;
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

describe('Pulling blobs: ranges', () => {
  const bytes = random(3000);
  const path = `range/app/blobs/${digestOf(bytes)}`;
  const part = (range: string, more: Record<string, string> = {}) =>
    send('GET', path, { headers: { range, ...more } });

  beforeAll(async () => {
    await pushBlob('range/app', bytes);
  });

  test('206 with the bytes that are wanted and where they are, before and after the blob is cached', async () => {
    for (let round = 0; round < 2; round++) {
      for (const [range, from, to] of [
        ['bytes=0-0', 0, 0],
        ['bytes=500-1499', 500, 1499],
        ['bytes=2900-', 2900, 2999],
        ['bytes=2900-9999', 2900, 2999],
        ['bytes=-10', 2990, 2999],
        ['bytes=-9999', 0, 2999],
      ] as const) {
        const got = await part(range);
        const where = [got.status, got.headers.get('content-range'), got.headers.get('content-length')];
        expect([range, ...where]).toEqual([range, 206, `bytes ${from}-${to}/3000`, String(to - from + 1)]);
        expect(got.headers.get('docker-content-digest')).toBe(digestOf(bytes));
        expect(Buffer.compare(await got.bytes(), bytes.subarray(from, to + 1))).toBe(0);
      }
      expect(Buffer.compare(await (await send('GET', path)).bytes(), bytes)).toBe(0);
    }
  });

  test('416 with the length for what lies beyond the end, and what ends before it begins', async () => {
    for (const range of ['bytes=3000-', 'bytes=5000-10000', 'bytes=500-0', 'bytes=-0']) {
      const got = await part(range);
      expect([range, got.status, got.headers.get('content-range')]).toEqual([range, 416, 'bytes */3000']);
    }
  });

  test('the whole where the unit is not known, or the blob has another validator than the client means', async () => {
    expect((await part('pages=1-2')).status).toBe(200);
    expect((await part('bytes=0-9', { 'if-range': '"other"' })).status).toBe(200);
    const { headers } = await send('HEAD', path);
    expect((await part('bytes=0-9', { 'if-range': headers.get('etag') ?? '' })).status).toBe(206);
  });

  test('several ranges at once, and that ranges are known, is told', async () => {
    const got = await part('bytes=0-9,100-109');
    expect([got.status, got.headers.get('content-type')]).toEqual([
      206,
      expect.stringMatching(/^multipart\/byteranges; boundary=/),
    ]);
    expect((await send('GET', path)).headers.get('accept-ranges')).toBe('bytes');
  });

  test('HEAD says the whole length, whatever range it names', async () => {
    const head = await send('HEAD', path, { headers: { range: 'bytes=0-9' } });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '3000']);
  });
});

describe('Pushing a blob: places', () => {
  test('what Location says is good behind a proxy with another address, from the first to the last', async () => {
    const seen: string[] = [];
    using proxy = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      async fetch(request) {
        const { pathname, search } = new URL(request.url);
        seen.push(`${request.method} ${pathname}`);
        return fetch(`${addressOf()}${pathname}${search}`, {
          method: request.method,
          headers: request.headers,
          body: request.body,
          redirect: 'manual',
        });
      },
    });
    const at = `http://127.0.0.1:${proxy.port}`;
    const ask = (method: string, target: string, init: RequestInit = {}) =>
      fetch(new URL(target, at), { method, ...init, headers: { ...credentials(), ...init.headers } });
    const bytes = random(900);
    const begun = await ask('POST', '/v2/proxied/app/blobs/uploads/');
    const patched = await ask('PATCH', placeIn(begun), {
      body: bytes,
      headers: { 'content-range': '0-899' },
    });
    const told = await ask('GET', placeIn(patched));
    const put = await ask('PUT', withDigest(placeIn(told), digestOf(bytes)));
    expect([begun, patched, told, put].map(({ status }) => status)).toEqual([202, 202, 204, 201]);
    expect(Buffer.compare(await (await ask('GET', placeIn(put))).bytes(), bytes)).toBe(0);
    expect(seen).toHaveLength(5);
  });
});

describe('API: HTTP', () => {
  const bytes = random(1000);
  const digest = digestOf(bytes);
  const begin = async () => placeIn(await send('POST', 'wire/app/blobs/uploads/'));
  const close = 'Connection: close';

  beforeAll(async () => {
    await pushBlob('wire/app', bytes);
  });

  test('HTTP/1.0 is answered in full, without chunks', async () => {
    const large = random(600_000);
    await pushBlob('wire/large', large);
    for (let round = 0; round < 2; round++) {
      const got = await sendBytes(`GET /v2/wire/large/blobs/${digestOf(large)} HTTP/1.0`);
      expect([got?.status, got?.headers.has('transfer-encoding')]).toEqual([200, false]);
      expect(Buffer.compare(got?.body ?? new Uint8Array(), large)).toBe(0);
    }
  });

  test('a body may have a length, come in chunks, or be waited for (Expect)', async () => {
    const chunks = `1f4\r\n${latin1(bytes.subarray(0, 500))}\r\n1f4\r\n${latin1(bytes.subarray(500))}\r\n0\r\n\r\n`;
    const chunked = await sendBytes(
      `PUT ${await begin()}?digest=${digest} HTTP/1.1`,
      ['Transfer-Encoding: chunked', close],
      chunks,
    );
    expect(chunked?.status).toBe(201);
    const plain = await sendBytes(
      `PUT ${await begin()}?digest=${digest} HTTP/1.1`,
      ['Content-Length: 1000', close],
      latin1(bytes),
    );
    expect(plain?.status).toBe(201);
    const expecting = ['Content-Length: 1000', 'Expect: 100-continue', close];
    const waited = await sendBytes(
      `PUT ${await begin()}?digest=${digest} HTTP/1.1`,
      expecting,
      latin1(bytes),
    );
    expect(waited?.status).toBe(100);
  });

  test('without a body and without a length, nothing has come', async () => {
    const post = await sendBytes('POST /v2/wire/app/blobs/uploads/ HTTP/1.1', [close]);
    expect(post?.status).toBe(202);
    const patch = await sendBytes(`PATCH ${await begin()} HTTP/1.1`, [close]);
    expect(patch?.status).toBe(202);
    const put = await sendBytes(`PUT ${await begin()}?digest=${digest} HTTP/1.1`, [close]);
    expect([put?.status, codeOf(put)]).toEqual([400, 'DIGEST_INVALID']);
  });

  test('a body whose length is ambiguous is refused', async () => {
    for (const fields of [
      ['Content-Length: 1000', 'Content-Length: 999'],
      ['Content-Length: 1000', 'Transfer-Encoding: chunked'],
    ])
      expect(
        (await sendBytes(`PUT ${await begin()}?digest=${digest} HTTP/1.1`, [...fields, close], latin1(bytes)))
          ?.status,
      ).toBe(400);
  });

  test('a chunk that comes without a length has to be as long as its range, and is not kept where it is longer', async () => {
    for (const [range, kept] of [
      ['0-9', '0-2'],
      ['0-1', '0-0'],
    ] as const) {
      const place = await begin();
      const fields = [`Content-Range: ${range}`, 'Transfer-Encoding: chunked', close];
      const refused = await sendBytes(`PATCH ${place} HTTP/1.1`, fields, '3\r\nabc\r\n0\r\n\r\n');
      expect([range, refused?.status, codeOf(refused)]).toEqual([range, 400, 'SIZE_INVALID']);
      expect((await send('GET', place)).headers.get('range')).toBe(kept);
    }
  });

  test('addresses are as they are: no slash more, none less, nothing encoded but what has to be', async () => {
    for (const path of [
      '//wire/app/blobs',
      '/wire//app/blobs',
      '/wire/app//blobs',
      '/wire%2Fapp/blobs',
      '/Wire/app/blobs',
      '/%77ire%2Fapp/blobs',
    ])
      expect([path, (await sendBytes(`GET /v2${path}/${digest} HTTP/1.1`, [close]))?.status]).toEqual([
        path,
        404,
      ]);
    const absolute = await sendBytes(`GET ${addressOf()}/v2/wire/app/blobs/${digest} HTTP/1.1`, [close]);
    expect(absolute?.status).toBe(200);
    expect((await sendBytes('GET /v2 HTTP/1.1', [close]))?.status).toBe(200);
    for (const target of ['/v2/wire/app/blobs/sha256%zz', '/v2/wire/app/tags/list#x'])
      expect((await sendBytes(`GET ${target} HTTP/1.1`, [close]))?.status).toBe(400);
    expect((await sendBytes(`GET /v2/${'a/'.repeat(6000)}a/tags/list HTTP/1.1`, [close]))?.status).toBe(414);
  });

  test('a manifest of 4 MiB has a length when it is pulled for the first time, too', async () => {
    const annotations = { noise: 'x'.repeat(4 * 2 ** 20 - 2000) };
    const large = await manifestIn('wire/manifest', { annotations });
    await putManifest('wire/manifest', 'v1', large);
    for (const reference of ['v1', large.digest]) {
      const got = await send('GET', `wire/manifest/manifests/${reference}`);
      expect([reference, got.headers.get('content-length')]).toEqual([reference, String(large.bytes.length)]);
      expect(Buffer.compare(await got.bytes(), large.bytes)).toBe(0);
    }
  });
});
