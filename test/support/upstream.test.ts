/** The upstream that the other tests trust to misbehave does so on the wire, exactly as it is told. */
import { afterAll, beforeEach, expect, test } from 'bun:test';
import { getRaw, sendRaw } from './raw-client.ts';
import { startUpstream } from './upstream.ts';

const upstream = await startUpstream(({ path, body }) => ({
  headers: { etag: '"1"' },
  body: path === '/echo' ? body : '0123456789',
  chunked: path === '/chunked',
}));

beforeEach(() => {
  upstream.fault(null);
  upstream.forget();
});
afterAll(() => upstream.off());

const get = (path = '/') => getRaw(upstream.url + path, {}, { withinMs: 1_000, lingerMs: 0 });

test('answers with a length, or in chunks, and counts', async () => {
  expect(await get()).toMatchObject({ status: 200, whole: true, body: Buffer.from('0123456789') });
  expect(await get('/chunked')).toMatchObject({ status: 200, whole: true, body: Buffer.from('0123456789') });
  expect([upstream.count(), upstream.count('/chunked')]).toEqual([2, 1]);
});

test('reads bodies, of known length and in chunks', async () => {
  const sized = 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc';
  const chunked =
    'POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n';
  for (const request of [sized, chunked]) {
    expect((await sendRaw(upstream.port, request, { lingerMs: 0 }))?.body.toString()).toBe('abc');
  }
});

test('changes one bit', async () => {
  upstream.fault({ as: 'corrupt' });
  expect(await get()).toMatchObject({ whole: true, body: Buffer.from('0123446789') });
});

test('breaks off: reset, closed, without the last chunk', async () => {
  upstream.fault({ as: 'reset' });
  expect(await get()).toBeNull();
  upstream.fault({ as: 'cut', afterBytes: 4 });
  expect(await get()).toMatchObject({ whole: false, body: Buffer.from('0123') });
  upstream.fault({ as: 'cut', afterBytes: 10 });
  expect(await get('/chunked')).toMatchObject({ whole: false, body: Buffer.from('0123456789') });
});

test('falls silent', async () => {
  upstream.fault({ as: 'stall', afterBytes: 4 });
  await expect(getRaw(upstream.url, {}, { withinMs: 100 })).rejects.toThrow('took longer');
});

test('sends more than it announces, and what is not HTTP', async () => {
  upstream.fault({ as: 'excess', announced: 4 });
  expect(await get()).toMatchObject({ whole: true, body: Buffer.from('0123') });
  upstream.fault({ as: 'garbage' });
  expect((await get())?.start).toContain('not the protocol');
});

test('goes wrong for some and not for others', async () => {
  upstream.fault({ as: 'status', status: 503 }, ({ path }) => path === '/bad');
  expect([(await get('/bad'))?.status, (await get('/good'))?.status]).toEqual([503, 200]);
});

test('is off, and on again under the same address', async () => {
  await upstream.off();
  expect(await get()).toBeNull();
  await upstream.on();
  expect((await get())?.status).toBe(200);
});
