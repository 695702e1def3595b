import { afterAll, describe, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { noiseBytes, temporary } from '../../../test/support/index.ts';
import { available } from '../../../test/support/needs.ts';
import { systemClock } from '../../clock.ts';
import { type BlobSubject, blobContract } from './blobs.contract.ts';
import { openFiles } from './files.ts';
import { failure, read, sha256Of } from './samples.contract.ts';
import { unbounded } from './upload-ledger.ts';
import { uploadContract } from './uploads.contract.ts';

const clock = systemClock;

async function subject(): Promise<BlobSubject> {
  const folder = temporary('blobs');
  const { path } = folder;
  return {
    open: () => openFiles({ path, clock }),
    place: ['files', JSON.stringify({ path })],
    replace: (sha256, bytes) => writeFile(join(path, 'blobs', sha256.slice(0, 2), sha256), bytes),
    stop: async () => folder[Symbol.dispose](),
  };
}

blobContract('files', subject);
uploadContract('files', subject);

test('what a write leaves when its process dies expires as uploads do', async () => {
  using folder = temporary('blobs');
  const { path } = folder;
  const store = await openFiles({ path, clock });
  const own = { by: 'alice', for: 'test' };
  const { id } = await store.uploads.of(own).begin();
  const old = new Date(Date.now() - 25 * 3_600_000);
  for (const name of ['old', 'new']) writeFileSync(join(path, 'drafts', name), 'half of it');
  utimesSync(join(path, 'drafts', 'old'), old, old);
  const again = await openFiles({ path, clock });
  expect(await again.uploads.expire(Date.now() - 24 * 3_600_000)).toBe(0);
  expect(readdirSync(join(path, 'drafts'))).toEqual(['new']);
  expect(await again.uploads.of(own).find(id)).not.toBeNull();
});

test('uploads that begin in the same moment are no more than there may be', async () => {
  using folder = temporary('blobs');
  const uploadBounds = () => ({ ...unbounded, uploadsOfOne: 3 });
  const store = await openFiles({ path: folder.path, clock, uploadBounds });
  const own = store.uploads.of({ by: 'alice', for: 'test' });
  const begun = await Promise.all(Array.from({ length: 10 }, () => failure(own.begin())));
  expect(begun.filter((code) => code === 'overloaded')).toHaveLength(7);
  expect(store.uploads.underWay.uploads).toBe(3);
});

const small = temporary('small');
const disk = join(small.path, 'disk');
const diskBytes = 16 * 2 ** 20;
mkdirSync(disk);
const mounted = await Bun.$`mount -t tmpfs -o size=${diskBytes} tmpfs ${disk}`.nothrow().quiet();
const problem = mounted.exitCode === 0 ? null : mounted.stderr.toString().trim();

afterAll(async () => {
  if (problem === null) await Bun.$`umount ${disk}`.quiet();
  small[Symbol.dispose]();
});

describe.skipIf(!available('small file systems', problem))('a disk that is full', () => {
  test('is said to be full; nothing partial is left, and it works again when there is room', async () => {
    const store = await openFiles({ path: disk, clock });
    const kept = noiseBytes(1, 6 * 2 ** 20);
    const { sha256 } = await store.write(kept);
    const uploads = store.uploads.of({ by: 'alice', for: 'test' });
    const { id } = await uploads.begin();
    const large = noiseBytes(2, 12 * 2 ** 20);

    expect(await failure(store.write(large))).toBe('store-full');
    expect(await store.stat(sha256Of(large))).toBeNull();
    expect(readdirSync(join(disk, 'drafts'))).toEqual([]);
    expect(await read(store, sha256)).toEqual(kept);

    expect(await failure(uploads.append(id, 0, large))).toBe('store-full');
    const taken = (await uploads.find(id))?.offset ?? 0;
    expect(store.uploads.underWay).toEqual({ uploads: 1, bytes: taken });
    await uploads.cancel(id);
    await store.delete(sha256);
    await store.write(large);
    expect(await read(store, sha256Of(large))).toEqual(large);
  });
});
