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
