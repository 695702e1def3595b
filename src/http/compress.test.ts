import { expect, test } from 'bun:test';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { virtualClock } from '../../test/support/clock.ts';
import { eventually } from '../../test/support/wait.ts';
import { systemClock } from '../clock.ts';
import { compress, type MadeCoding } from './compress.ts';

const undo = { gzip: gunzipSync, zstd: zstdDecompressSync, br: brotliDecompressSync };
const all: readonly MadeCoding[] = ['zstd', 'br', 'gzip'];

const text = (length: number) =>
  Buffer.from(
    Array.from({ length: length / 10 }, (_, at) => `line ${(at * 7919) % 9973}\n`.padStart(10)).join(''),
  );

function bodyOf(bytes: Uint8Array, chunk = bytes.length || 1): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at + chunk));
      at += chunk;
    },
  });
}

for (const coding of all) {
  test(`${coding}: what comes out is smaller, and the same once it is undone`, async () => {
    for (const [length, chunk] of [
      [0, 1],
      [10, 3],
      [300_000, 7_777],
      [3_000_000, 3_000_000],
    ] as const) {
      const body = text(length);
      let ended = 0;
      const coded = await Bun.readableStreamToBytes(
        compress(bodyOf(body, chunk), coding, systemClock, () => ended++),
      );
      expect(undo[coding](coded).equals(body)).toBe(true);
      if (length > 1000) expect(coded.length).toBeLessThan(length / 3);
      expect(ended).toBe(1);
    }
  });

  test(`${coding}: a source that pauses is read as far as it has come`, async () => {
    const clock = virtualClock();
    let push: (bytes: Uint8Array) => void = () => undefined;
    const source = new ReadableStream<Uint8Array>({
      start(controller) {
        push = (bytes) => controller.enqueue(bytes);
      },
    });
    const reader = compress(source, coding, clock, () => undefined).getReader();
    push(text(1000));
    const pieces: Uint8Array[] = [];
    const reading = (async () => {
      for (let read = await reader.read(); !read.done; read = await reader.read()) pieces.push(read.value);
    })();
    await eventually('the pause to be waited for', () => clock.waiting > 0, { everyMs: 1 });
    clock.advance(20);
    const size = () => pieces.reduce((sum, { length }) => sum + length, 0);
    // A stream that is not at its end: some hundred bytes for a thousand.
    await eventually('the first bytes', () => size() > 50, { everyMs: 1 });
    await reader.cancel();
    await reading;
  });
}

test('a source that fails, fails the body, and ends the work', async () => {
  let ended = 0;
  const failing = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(text(100_000));
    },
    pull(controller) {
      controller.error(new Error('cut off'));
    },
  });
  const coded = compress(failing, 'gzip', systemClock, () => ended++);
  await expect(Bun.readableStreamToBytes(coded)).rejects.toThrow('cut off');
  expect(ended).toBe(1);
});

test('a body that nobody wants any more ends its source and the work', async () => {
  let cancelled = 0;
  let ended = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(text(100_000)),
    cancel: () => void cancelled++,
  });
  const reader = compress(endless, 'br', systemClock, () => ended++).getReader();
  await reader.read();
  await reader.cancel();
  expect([cancelled, ended]).toEqual([1, 1]);
});

test('a reader that does not read holds up the source, which is not collected in memory', async () => {
  let pulled = 0;
  const noise = crypto.getRandomValues(new Uint8Array(64 * 1024));
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(noise);
    },
  });
  const reader = compress(endless, 'gzip', systemClock, () => undefined).getReader();
  await reader.read();
  await Bun.sleep(50);
  const before = pulled;
  await Bun.sleep(50);
  expect(pulled).toBe(before);
  expect(pulled).toBeLessThan(50);
  await reader.cancel();
});
