import { expect, test } from 'bun:test';
import { zstdDecompressSync } from 'node:zlib';
import { exchange } from '../../test/support/builders.ts';
import { type VirtualClock, virtualClock } from '../../test/support/clock.ts';
import { type Packing, packed } from './pack.ts';
import { slots } from './slots.ts';

const tier = { node: 'pop', route: 'web', background: false };
const asked = (fields: Record<string, string> = {}, method = 'GET') =>
  exchange({ tier, method, headers: new Headers({ 'meridian-packs': 'zstd', ...fields }) });

interface World extends Packing {
  readonly clock: VirtualClock;
  readonly counted: unknown[];
}

function world({ packs = true, room = 1 } = {}): World {
  const clock = virtualClock();
  const counted: unknown[] = [];
  return {
    ...{ clock, counted, packing: slots(room, clock), site: { config: { packs } } },
    work: { packed: (...args) => void counted.push(args) },
  };
}

const text = (bytes: number) => 'what is the same again and again '.repeat(bytes / 33 + 1).slice(0, bytes);

function plain(
  body: string | ReadableStream<Uint8Array>,
  fields: Record<string, string> = {},
  status = 200,
): Response {
  const length = typeof body === 'string' ? { 'content-length': String(body.length) } : {};
  return new Response(body, {
    status,
    headers: { 'content-type': 'application/json', etag: '"1"', ...length, ...fields },
  });
}

/** As the node would send it, which ends in an error, or not at all, where that is how it goes. */
function streamed(pieces: readonly string[], end: 'whole' | 'broken' | 'open'): ReadableStream<Uint8Array> {
  const left = pieces.map((piece) => new TextEncoder().encode(piece));
  return new ReadableStream({
    pull(controller) {
      const next = left.shift();
      if (next) return controller.enqueue(next);
      if (end === 'open') return new Promise(() => undefined);
      if (end === 'whole') controller.close();
      else controller.error();
    },
  });
}

async function unpack(response: Response): Promise<string> {
  return zstdDecompressSync(await response.bytes()).toString();
}

test('what shrinks is packed, short or long, and says what it is without that', async () => {
  for (const bytes of [1024, 30_000, 300_000]) {
    for (const later of [false, true]) {
      const node = world();
      const response = plain(text(bytes));
      const answered = later ? Promise.resolve(response) : response;
      const sent = await packed(node, asked(), answered);
      const { headers } = sent;
      expect([sent.status, headers.get('content-encoding'), headers.get('etag')]).toEqual([
        200,
        'zstd',
        '"1"',
      ]);
      expect(headers.get('meridian-packed')).toBe(String(bytes));
      expect(await unpack(sent)).toBe(text(bytes));
      expect(node.counted).toEqual([['sent', bytes, expect.any(Number)]]);
    }
  }
});

test('all else goes as it is', async () => {
  const body = text(5000);
  const others: readonly Response[] = [
    plain(text(1023)),
    plain(body, { 'content-type': 'image/png' }),
    plain(body, { 'content-encoding': 'gzip' }),
    plain(body, { 'content-range': 'bytes 0-4999/10000' }, 206),
    plain(body, {}, 404),
    plain(body, { 'cache-control': 'private' }),
    plain(body, { 'cache-control': 'no-store' }),
    plain(body, { 'cache-control': 'max-age=60', 'cdn-cache-control': 'no-store' }),
    plain(body, { 'set-cookie': 'a=b' }),
    new Response(null, { status: 304, headers: { 'content-type': 'application/json' } }),
  ];
  for (const response of others) expect(await packed(world(), asked(), response)).toBe(response);
});

test('so does what was not asked for like that, or by one client alone, or is not to be', () => {
  const response = plain(text(5000));
  const asks = [
    exchange({ tier }),
    exchange({ headers: new Headers({ 'meridian-packs': 'zstd' }) }),
    asked({ 'meridian-packs': 'lz4' }),
    asked({}, 'HEAD'),
  ];
  for (const each of asks) expect(packed(world(), each, response)).toBe(response);
  expect(packed(world({ packs: false }), asked(), response)).toBe(response);
});

test('what was asked for with the secrets of one client is packed only where it says that it is for all', async () => {
  for (const secret of [{ authorization: 'Bearer a' }, { cookie: 'a=b' }]) {
    const response = plain(text(5000), { 'cache-control': 'max-age=60' });
    expect(await packed(world(), asked(secret), response)).toBe(response);
    const shared = plain(text(5000), { 'cache-control': 'public, max-age=60' });
    expect((await packed(world(), asked(secret), shared)).headers.get('meridian-packed')).toBe('5000');
  }
});

test('who leaves before he has begun to read gives his room back as well', async () => {
  const node = world({ room: 1 });
  const left = new AbortController();
  const { headers } = asked();
  const request = new Request('http://pop.example/', { headers, signal: left.signal });
  let cancelled = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(crypto.getRandomValues(new Uint8Array(65_536))),
    cancel: () => void cancelled++,
  });
  await packed(node, exchange({ tier, headers, request }), plain(body));
  left.abort();
  expect(await node.packing.take(0)).toBe(true);
  expect(cancelled).toBe(1);
  // Too late for what has not been begun.
  node.packing.give();
  await packed(node, exchange({ tier, headers, request }), plain(streamed([text(5000)], 'open')));
  expect(await node.packing.take(0)).toBe(true);
});

test('a body of unknown length is packed as it comes', async () => {
  const node = world();
  const sent = await packed(node, asked(), plain(streamed([text(5000), text(2000)], 'whole')));
  expect(sent.headers.get('meridian-packed')).toBe('?');
  expect(await unpack(sent)).toBe(text(5000) + text(2000));
});

test('what breaks off, or is shorter than announced, is not whole when it is packed', async () => {
  for (const bytes of [3000, 300_000]) {
    for (const end of ['broken', 'whole'] as const) {
      const body = streamed([text(1000), text(1000)], end);
      const sent = await packed(world(), asked(), plain(body, { 'content-length': String(bytes) }));
      await expect(sent.bytes()).rejects.toBeUndefined();
    }
  }
});

test('a short body that is not there yet is sent as it comes', async () => {
  const node = world();
  const body = streamed([text(1000)], 'open');
  const sending = packed(node, asked(), plain(body, { 'content-length': '3000' }));
  await Bun.sleep(0);
  node.clock.advance(5);
  const sent = await sending;
  const reader = (sent.body as ReadableStream<Uint8Array>).getReader();
  const first = reader.read();
  while (node.clock.waiting === 0) await Bun.sleep(0);
  node.clock.advance(20);
  expect((await first).value?.length).toBeGreaterThan(0);
  await reader.cancel();
});

test('where there is no room in time, a long one goes as it is, with its length', async () => {
  const node = world({ room: 1 });
  const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(500_000))).toString('hex');
  const first = await packed(node, asked(), plain(noise));
  const second = packed(node, asked(), plain(text(100_000)));
  await Bun.sleep(0);
  node.clock.advance(100);
  const sent = await second;
  expect([sent.headers.get('meridian-packed'), sent.headers.get('meridian-length')]).toEqual([
    null,
    '100000',
  ]);
  expect(await sent.text()).toBe(text(100_000));
  // Room is given back at the end, and to whoever waits for it.
  const third = packed(node, asked(), plain(text(100_000)));
  await first.bytes();
  expect((await third).headers.get('meridian-packed')).toBe('100000');
});

test('what is not long when it is packed gives its room back, however slowly it is read', async () => {
  const node = world({ room: 1 });
  const first = await packed(node, asked(), plain(text(500_000)));
  const second = await packed(node, asked(), plain(text(100_000)));
  expect([await unpack(second), await unpack(first)]).toEqual([text(100_000), text(500_000)]);
});

test('who leaves gives his room back, and ends the source', async () => {
  const node = world({ room: 1 });
  let cancelled = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(crypto.getRandomValues(new Uint8Array(65_536))),
    cancel: () => void cancelled++,
  });
  const sent = await packed(node, asked(), plain(body));
  const reader = (sent.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  await reader.cancel();
  expect(cancelled).toBe(1);
  expect(await node.packing.take(0)).toBe(true);
});
