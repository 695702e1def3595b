import { expect, test } from 'bun:test';
import { temporary } from '../../test/support/temporary.ts';
import { systemClock as clock } from '../clock.ts';
import { openFiles } from './blobs/files.ts';
import { aboveFloor, measure, refusingBelow } from './disk-space.ts';

test('below the floor nothing is taken in, and what is there can be read and deleted', async () => {
  using folder = temporary('floor');
  let freeBytes = 1_000;
  let minFreeBytes = 500;
  const refuseBelow = refusingBelow({
    folders: ['/first', '/second'],
    minFreeBytes: () => minFreeBytes,
    inWords: (bytes) => `${bytes} B`,
    measure: async (path) => ({ path, totalBytes: 10_000, freeBytes: path === '/first' ? 9_000 : freeBytes }),
  });
  const blobs = aboveFloor(await openFiles({ path: folder.path, clock }), refuseBelow);
  const uploads = blobs.uploads.of({ by: 'alice', for: 'test' });
  const bytes = new TextEncoder().encode('a blob');
  const { sha256 } = await blobs.write(bytes);
  const upload = await uploads.begin();

  freeBytes = 499;
  const full = { code: 'store-full', detail: '499 B are free at /second, and 500 B have to stay free' };
  const stream = new Blob(['another']).stream() as ReadableStream<Uint8Array>;
  await expect(blobs.write(stream)).rejects.toMatchObject(full);
  expect(stream.locked).toBe(false);
  await expect(uploads.begin()).rejects.toMatchObject(full);
  await expect(uploads.append(upload.id, 0, bytes)).rejects.toMatchObject(full);
  const opened = await blobs.open(sha256);
  expect(await new Response(opened?.body).text()).toBe('a blob');
  await blobs.delete(sha256);
  expect(await blobs.stat(sha256)).toBeNull();

  freeBytes = 600;
  const announced = { expect: { sizeBytes: 101 } };
  await expect(blobs.write(bytes, announced)).rejects.toMatchObject({ code: 'store-full' });
  minFreeBytes = 0;
  freeBytes = 1;
  await blobs.write(bytes);
});

test('room is that of the file system that a folder is on', async () => {
  using folder = temporary('floor');
  const { freeBytes, totalBytes } = await measure(folder.path);
  expect(freeBytes).toBeGreaterThan(0);
  expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
  await expect(measure(`${folder.path}/none`)).rejects.toMatchObject({ code: 'store-unavailable' });
});
