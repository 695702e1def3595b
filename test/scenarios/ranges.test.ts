/**
 * Ranges of an object far larger than anybody wants at once, through PoP, shield and origin: each tier fetches slices
 * of it, each of them once, whoever asks for how little of it how often.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { web } from '../../src/index.ts';
import { type BigObject, bigObject } from '../support/big-object.ts';
import { eventually, startNetwork, type TestNetwork } from '../support/index.ts';

const gibibyte = 1024 ** 3;
const sliceBytes = 8 * 1024 ** 2;

let upstream: BigObject;
let network: TestNetwork;

beforeAll(async () => {
  upstream = await bigObject();
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
    },
    routes: [web({ match: { path: '/' }, upstream: upstream.url })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
}, 30_000);

beforeEach(() => upstream.forget());

async function get(path: string, range: string): Promise<Response> {
  return fetch(network.url('pop') + path, { headers: { range } });
}

async function expectRange(path: string, start: number, end: number): Promise<Response> {
  const response = await get(path, `bytes=${start}-${end}`);
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/${upstream.sizeOf(path)}`);
  const right = upstream.bytesOf(path, start, end);
  expect(Buffer.compare(await response.bytes(), right)).toBe(0);
  return response;
}

test('a thousand small ranges, close to each other, cost a few slices', async () => {
  const path = `/clustered?size=${gibibyte}`;
  const clusters = [0, 300_000_000, 1_000_000_000];
  let asked = 0;
  for (let round = 0; round < 125; round++) {
    const ranges = Array.from({ length: 8 }, (_, at) => {
      const start = (clusters[(round + at) % clusters.length] ?? 0) + (((round * 8 + at) * 7919) % 4_000_000);
      return expectRange(path, start, start + 999);
    });
    asked += (await Promise.all(ranges)).length;
  }
  expect(asked).toBe(1000);
  expect(upstream.requests()).toBeLessThanOrEqual(6);
  expect(upstream.sentBytes()).toBeLessThanOrEqual(6 * sliceBytes);
}, 60_000);

test('what comes from stored slices says so, and has a length', async () => {
  const path = `/told?size=${gibibyte}`;
  const first = await expectRange(path, 1000, 1999);
  expect(first.headers.get('cache-status')).toMatch(/pop;fwd=uri-miss;fwd-status=206;stored;ttl=\d+$/);
  // The slice is still arriving at first.
  const second = await eventually('a hit', async () => {
    const response = await expectRange(path, 2000, 2999);
    const status = response.headers.get('cache-status') ?? '';
    if (!status.includes('hit'))
      expect(status).toMatch(/pop;fwd=partial;fwd-status=206;stored;collapsed;ttl=\d+$/);
    return status.includes('hit') && response;
  });
  expect(second.headers.get('cache-status')).toMatch(/^pop;hit;ttl=\d+;detail=disk$/);
  expect(second.headers.get('content-length')).toBe('1000');
  const third = await expectRange(path, sliceBytes - 500, sliceBytes + 499);
  expect(third.headers.get('cache-status')).toMatch(/pop;fwd=partial/);
}, 30_000);

test('a client that reads on gets the next slice without waiting for it, and one that leaves stops that', async () => {
  const path = `/open-ended?size=${gibibyte}`;
  const response = await get(path, 'bytes=0-');
  const reader = response.body?.getReader();
  let received = 0;
  while (received < 2 * sliceBytes)
    received += (await reader?.read())?.value?.length ?? Number.POSITIVE_INFINITY;
  await reader?.cancel();
  await Bun.sleep(500);
  expect(upstream.requests()).toBeLessThanOrEqual(5);
}, 30_000);

test('sixteen clients that pull one object in parts cause each slice to be fetched once', async () => {
  const size = 100_000_000;
  const path = `/parallel?size=${size}`;
  const part = Math.ceil(size / 16);
  await Promise.all(
    Array.from({ length: 16 }, (_, at) => expectRange(path, at * part, Math.min(size, (at + 1) * part) - 1)),
  );
  expect(upstream.requests()).toBe(Math.ceil(size / sliceBytes));
  expect(upstream.sentBytes()).toBe(size);
}, 60_000);

test('a download that broke off is resumed where it was', async () => {
  const size = 80_000_000;
  const path = `/resumed?size=${size}`;
  const file = join(network.dir, 'resumed');
  await Bun.write(file, upstream.bytesOf(path, 0, 29_999_999));
  const curl = Bun.spawn(['curl', '-sS', '-f', '-C', '-', '-o', file, network.url('pop') + path]);
  expect(await curl.exited).toBe(0);
  const right = upstream.bytesOf(path, 0, size - 1);
  expect(Buffer.compare(await Bun.file(file).bytes(), right)).toBe(0);
  expect(upstream.sentBytes()).toBeLessThan(size - 30_000_000 + 2 * sliceBytes);
}, 60_000);

test('small objects are stored whole, at the price of one request', async () => {
  const path = '/small?size=20000';
  await expectRange(path, 100, 199);
  expect(upstream.requests()).toBe(1);
  const whole = await fetch(network.url('pop') + path);
  expect(whole.headers.get('cache-status')).toMatch(/pop;hit/);
  expect((await whole.bytes()).length).toBe(20_000);
  expect(upstream.requests()).toBe(1);
});

test('objects in between are completed: what has come is not fetched again', async () => {
  const size = 20_000_000;
  const path = `/between?size=${size}`;
  await expectRange(path, 100, 199);
  const whole = await fetch(network.url('pop') + path);
  expect(Buffer.compare(await whole.bytes(), upstream.bytesOf(path, 0, size - 1))).toBe(0);
  expect(upstream.sentBytes()).toBe(size);
  expect(upstream.requests()).toBe(2);
}, 30_000);

/** The parts of a multipart/byteranges body: `Content-Range` and bytes of each. */
function partsOf(type: string | null, body: Uint8Array): { range: string; bytes: Buffer }[] {
  const boundary = /^multipart\/byteranges; boundary=(.+)$/.exec(type ?? '')?.[1] ?? '';
  const text = Buffer.from(body).toString('latin1');
  expect(text.endsWith(`\r\n--${boundary}--\r\n`)).toBe(true);
  return text
    .slice(0, -`\r\n--${boundary}--\r\n`.length)
    .split(new RegExp(`(?:^|\r\n)--${boundary}\r\n`))
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\r\n\r\n');
      const range = /content-range: bytes (\S+)/i.exec(part.slice(0, end))?.[1] ?? '';
      return { range, bytes: Buffer.from(part.slice(end + 4), 'latin1') };
    });
}

async function expectParts(path: string, wanted: readonly (readonly [number, number])[]): Promise<Response> {
  const response = await get(path, `bytes=${wanted.map(([start, end]) => `${start}-${end}`).join(', ')}`);
  expect(response.status).toBe(206);
  expect(response.headers.has('content-range')).toBe(false);
  const parts = partsOf(response.headers.get('content-type'), await response.bytes());
  expect(parts.map(({ range }) => range)).toEqual(
    wanted.map(([start, end]) => `${start}-${end}/${upstream.sizeOf(path)}`),
  );
  for (const [at, [start, end]] of wanted.entries()) {
    expect(Buffer.compare(parts[at]?.bytes ?? Buffer.alloc(0), upstream.bytesOf(path, start, end))).toBe(0);
  }
  return response;
}

test('several ranges of a cold large object come as parts, from slices', async () => {
  const path = `/several?size=${gibibyte}`;
  await expectParts(path, [
    [500_000_000, 500_100_000],
    [5, 9],
    [gibibyte - 100, gibibyte - 1],
  ]);
  expect(upstream.requests()).toBe(3);
}, 30_000);

test('several ranges of an object on disk come as parts', async () => {
  const path = '/on-disk?size=9000000';
  await (await fetch(network.url('pop') + path)).bytes();
  await eventually('a hit', async () => {
    const response = await expectParts(path, [
      [0, 99],
      [8_000_000, 8_999_999],
    ]);
    return response.headers.get('cache-status')?.includes('pop;hit');
  });
  await expectParts(path, [
    [8_000_000, 8_999_999],
    [0, 99],
  ]);
  expect(upstream.requests()).toBe(1);
}, 30_000);

test('several ranges of an object that is arriving come as parts, in the order of their arrival', async () => {
  const path = '/arriving?size=6000000';
  upstream.pace(6_000_000);
  const whole = fetch(network.url('pop') + path).then((response) => response.bytes());
  await eventually('the upstream to be asked', () => upstream.requests() === 1);
  const parts = expectParts(path, [
    [10, 19],
    [3_000_000, 3_999_999],
  ]);
  await parts;
  await whole;
  upstream.pace(null);
  expect(upstream.requests()).toBe(1);
}, 30_000);

test('more ranges than a client needs are not honoured, and overlapping ones are made one', async () => {
  const path = '/greedy?size=20000';
  await expectRange(path, 0, 9);
  const greedy = await get(path, 'bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12');
  expect(greedy.status).toBe(200);
  const overlapping = await get(path, 'bytes=0-99,50-149,100-199');
  expect(overlapping.headers.get('content-range')).toBe('bytes 0-199/20000');
});

test('If-Range lets a part through for the same version only, and never by a weak tag', async () => {
  const path = `/if-range?size=${gibibyte}`;
  const { headers } = await expectRange(path, 0, 9);
  const etag = headers.get('etag') ?? '';
  const status = async (ifRange: string) => {
    const left = new AbortController();
    const response = await fetch(network.url('pop') + path, {
      headers: { range: 'bytes=0-9', 'if-range': ifRange },
      signal: left.signal,
    });
    left.abort();
    return response.status;
  };
  expect(await status(etag)).toBe(206);
  expect(await status('"another"')).toBe(200);
  expect(await status(`W/${etag}`)).toBe(200);
  expect(await status(new Date(0).toUTCString())).toBe(200);
}, 30_000);

test('a range beyond the end is answered by the size, and HEAD as well', async () => {
  const path = `/end?size=${gibibyte}`;
  const beyond = await get(path, `bytes=${gibibyte}-`);
  expect(beyond.status).toBe(416);
  expect(beyond.headers.get('content-range')).toBe(`bytes */${gibibyte}`);
  const head = await fetch(network.url('pop') + path, { method: 'HEAD' });
  expect(head.headers.get('content-length')).toBe(String(gibibyte));
  expect(head.headers.get('accept-ranges')).toBe('bytes');
  expect(head.headers.get('cache-status')).toMatch(/^pop;hit/);
}, 30_000);

test('an object that changes in the midst of a response cuts it off, and the next one is of the new version', async () => {
  const path = `/changing?size=${gibibyte}`;
  await expectRange(path, 0, 9);
  const old = upstream.bytesOf(path, 0, sliceBytes - 1);
  upstream.change();
  const response = await get(path, `bytes=0-${3 * sliceBytes - 1}`);
  const received: Uint8Array[] = [];
  const read = async () => {
    for await (const piece of response.body ?? []) received.push(piece);
  };
  await expect(read()).rejects.toThrow();
  const bytes = Buffer.concat(received);
  expect(bytes.length).toBeLessThanOrEqual(sliceBytes);
  expect(Buffer.compare(bytes, old.subarray(0, bytes.length))).toBe(0);
  await expectRange(path, 0, 2 * sliceBytes);
}, 30_000);

test('who wants the end of what has just begun to arrive does not wait for it', async () => {
  const size = 200_000_000;
  const path = `/tail?size=${size}`;
  upstream.pace(6_000_000);
  const left = new AbortController();
  const whole = await fetch(network.url('pop') + path, { signal: left.signal });
  expect(whole.status).toBe(200);
  const started = performance.now();
  // At each tier next to its fill, and once for both.
  await Promise.all([
    expectRange(path, size - 1_000_000, size - 1),
    expectRange(path, size - 2000, size - 1001),
  ]);
  expect(performance.now() - started).toBeLessThan(5000);
  expect(upstream.requests()).toBe(2);
  left.abort();
  upstream.pace(null);
}, 30_000);
