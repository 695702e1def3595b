import { expect, test } from 'bun:test';
import { noise } from './answers.contract.ts';
import { blocks } from './blocks.ts';

const blockBytes = 64 * 1024;

/** A file of which so many bytes have been written, and reads that wait for a test's leave. */
function file(body: Uint8Array) {
  const state = { written: body.length, reads: 0, gate: Promise.resolve() };
  const kept = blocks(async (into, from) => {
    state.reads++;
    const end = Math.min(state.written, from + into.length);
    await state.gate;
    into.set(body.subarray(from, end));
    return end - from;
  });
  return Object.assign(state, { kept });
}

test('readers of the same stretch share one read', async () => {
  const body = noise(200_000);
  const all = file(body);
  const { kept } = all;
  const held = await Promise.all([0, 10, 60_000].map((offset) => kept.hold(offset, false)));
  expect([new Set(held).size, all.reads]).toEqual([1, 1]);
  expect(held[0]?.bytes).toEqual(body.slice(0, blockBytes));
  for (const block of held) kept.release(block);
});

test('what is held stays what it is, however much else is read', async () => {
  const body = noise(100 * blockBytes);
  const { kept } = file(body);
  const first = await kept.hold(5, false);
  for (let n = 1; n < 100; n++) kept.release(await kept.hold(n * blockBytes, n % 2 === 0));
  expect(first.bytes.subarray(0, first.length)).toEqual(body.slice(0, blockBytes));
  kept.release(first);
});

test('a block read while the file was shorter does for those who want its beginning, and is read again for the rest', async () => {
  const body = noise(60_000);
  const all = file(body);
  all.written = 20_000;
  const early = await all.kept.hold(100, false);
  expect(early.length).toBe(20_000);
  all.written = 60_000;
  const late = await all.kept.hold(30_000, false);
  expect([early.length, late.length]).toEqual([20_000, 60_000]);
  all.kept.release(early);
  expect(late.bytes.subarray(0, 60_000)).toEqual(body);
  all.kept.release(late);
});

test('a block that is being read while the file grows is read again for those who want what came since', async () => {
  const body = noise(60_000);
  const all = file(body);
  const { promise, resolve } = Promise.withResolvers<void>();
  all.gate = promise;
  all.written = 20_000;
  const early = all.kept.hold(100, false);
  all.written = 60_000;
  const late = all.kept.hold(30_000, false);
  resolve();
  expect((await early).length).toBe(20_000);
  expect((await late).length).toBe(60_000);
  for (const block of [await early, await late]) all.kept.release(block);
});

test('a read that fails is tried again by whoever comes next', async () => {
  let isBroken = true;
  const kept = blocks(async (into) => {
    if (isBroken) throw new Error('input/output error');
    return into.length;
  });
  const failures = await Promise.allSettled([kept.hold(0, false), kept.hold(1, false)]);
  expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isBroken = false;
  kept.release(await kept.hold(0, false));
});

test('a file that is shorter than what was written to it is an error', async () => {
  const all = file(noise(1000));
  expect(await all.kept.hold(1000, false).catch((error: Error) => error.message)).toContain(
    'ends before byte 1000',
  );
});
