import { expect, test } from 'bun:test';
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { noiseBytes, temporary } from '../../../test/support/index.ts';
import { systemClock as clock } from '../../clock.ts';
import type { UploadBounds } from '../../store.ts';
import { openFiles } from './files.ts';
import { failure, streamOf } from './samples.contract.ts';
import { unbounded } from './upload-ledger.ts';

const hourMs = 3_600_000;
const alice = { by: 'user:alice', for: 'acme/app' };
const bob = { by: 'user:bob', for: 'acme/app' };

async function bounded(path: string, bounds: Partial<UploadBounds>) {
  const store = await openFiles({ path, clock, uploadBounds: () => ({ ...unbounded, ...bounds }) });
  return {
    store,
    alices: store.uploads.of(alice),
    bobs: store.uploads.of(bob),
    /** As if nobody had gone on with them for two hours. */
    rest() {
      const past = new Date(Date.now() - 2 * hourMs);
      for (const name of readdirSync(join(path, 'uploads')))
        utimesSync(join(path, 'uploads', name), past, past);
    },
  };
}

test('one who has as many uploads as he may waits, and nobody else does', async () => {
  using folder = temporary('bounds');
  const { alices, bobs } = await bounded(folder.path, { uploadsOfOne: 2 });
  const first = await alices.begin();
  await alices.begin();
  expect(await failure(alices.begin())).toBe('overloaded');
  await bobs.begin();
  await alices.cancel(first.id);
  await alices.begin();
});

test('one who has as many as he may loses those first that he has not gone on with for an hour', async () => {
  using folder = temporary('bounds');
  const { store, alices, bobs, rest } = await bounded(folder.path, { uploadsOfOne: 2 });
  const [left, gone] = [await bobs.begin(), await alices.begin()];
  rest();
  const inUse = await alices.begin();
  const next = await alices.begin();
  expect(await alices.find(gone.id)).toBeNull();
  for (const { id } of [inUse, next]) expect(await alices.find(id)).not.toBeNull();
  expect(await bobs.find(left.id)).not.toBeNull();
  expect(store.uploads.underWay.uploads).toBe(3);
});

test('the bytes of one, and of all, end where their bound is, and what came before stays', async () => {
  using folder = temporary('bounds');
  const { store, alices, bobs } = await bounded(folder.path, { bytesOfOne: 1_000_000, bytes: 1_500_000 });
  const [one, two] = [await alices.begin(), await bobs.begin()];
  const long = () => streamOf(noiseBytes(1, 2_000_000));
  expect(await failure(alices.append(one.id, 0, long()))).toBe('overloaded');
  expect((await alices.find(one.id))?.offset).toBe(900_000);
  expect(await failure(bobs.append(two.id, 0, long()))).toBe('overloaded');
  expect((await bobs.find(two.id))?.offset).toBe(600_000);
  expect(store.uploads.underWay).toEqual({ uploads: 2, bytes: 1_500_000 });
  await alices.cancel(one.id);
  expect((await bobs.append(two.id, 600_000, noiseBytes(2, 300_000))).offset).toBe(900_000);
});

test('bounds count what an earlier process has left', async () => {
  using folder = temporary('bounds');
  const before = await bounded(folder.path, {});
  const { id } = await before.alices.begin();
  await before.alices.append(id, 0, noiseBytes(1, 700));
  const { store, alices } = await bounded(folder.path, { bytesOfOne: 1_000 });
  expect(store.uploads.underWay).toEqual({ uploads: 1, bytes: 700 });
  expect(await failure(alices.append(id, 700, noiseBytes(2, 301)))).toBe('overloaded');
  await alices.append(id, 700, noiseBytes(2, 300));
  await alices.finish(id);
  expect(store.uploads.underWay).toEqual({ uploads: 0, bytes: 0 });
});

test('a disk that gets too full while a long blob comes ends it, and what came before stays', async () => {
  using folder = temporary('bounds');
  const [mib, piece] = [2 ** 20, noiseBytes(1, 2 ** 20)];
  let asked = 0;
  const room = async () => {
    if (++asked === 2) throw new Error('too little room');
  };
  const store = await openFiles({ path: folder.path, clock, room });
  const uploads = store.uploads.of(alice);
  const { id } = await uploads.begin();
  let sent = 0;
  const endless = () =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += piece.length;
        controller.enqueue(piece);
      },
    });
  await expect(uploads.append(id, 0, endless())).rejects.toThrow('too little room');
  const { offset } = (await uploads.find(id)) ?? { offset: 0 };
  expect([offset >= 128 * mib, offset <= sent, sent < 300 * mib]).toEqual([true, true, true]);
  expect(store.uploads.underWay).toEqual({ uploads: 1, bytes: offset });
});
