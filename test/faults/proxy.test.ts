/** The bad line is as bad as it says, and good again when it says so. */
import { afterAll, beforeEach, expect, test } from 'bun:test';
import { noiseBytes } from '../support/package.ts';
import { startUpstream } from '../support/upstream.ts';
import { startProxy } from './proxy.ts';

const body = noiseBytes(1, 200_000);
const server = await startUpstream(() => ({ body }));
const proxy = await startProxy({ port: server.port });

beforeEach(() => proxy.weather({}));
afterAll(async () => {
  await proxy.off();
  await server.off();
});

/** The bytes that arrive, on a connection of their own. */
async function get(): Promise<Uint8Array> {
  const response = await fetch(proxy.url, { headers: { connection: 'close' }, keepalive: false });
  return response.bytes();
}

test('passes what is asked and answered when all is well', async () => {
  expect(Buffer.compare(await get(), body)).toBe(0);
});

test('takes its time', async () => {
  proxy.weather({ latencyMs: 40 });
  const started = performance.now();
  await get();
  expect(performance.now() - started).toBeGreaterThan(75);
});

test('lets so many bytes through in a second', async () => {
  proxy.weather({ bytesPerSecond: 1_000_000 });
  const started = performance.now();
  await get();
  expect(performance.now() - started).toBeGreaterThan(150);
});

test.each(['cutAfterBytes', 'resetAfterBytes'])('ends the connection early (%s)', async (how) => {
  proxy.weather({ [how]: 100_000 });
  await expect(get()).rejects.toThrow();
});

test('swallows everything until the weather changes', async () => {
  proxy.weather({ blackhole: true });
  const answer = get();
  const first = await Promise.race([answer.then(() => 'answered'), Bun.sleep(100).then(() => 'silent')]);
  expect(first).toBe('silent');
  proxy.weather({});
  expect((await answer).length).toBe(body.length);
});

test('is off, and on again under the same address', async () => {
  await proxy.off();
  await expect(get()).rejects.toThrow();
  await proxy.on();
  expect((await get()).length).toBe(body.length);
});
