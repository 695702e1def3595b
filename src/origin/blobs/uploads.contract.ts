/** What a blob store has to hold to when blobs arrive in pieces, whatever its engine. */
import { describe, expect, test } from 'bun:test';
import { noiseBytes } from '../../../test/support/index.ts';
import type { BlobStore, OwnUploads } from '../../store.ts';
import { openedForAll } from '../opened.contract.ts';
import type { BlobSubject } from './blobs.contract.ts';
import { failure, known, read, sha256Of, streamOf } from './samples.contract.ts';

const MIB = 2 ** 20;
const alice = { by: 'user:alice', for: 'acme/app' };

export function uploadContract(engine: string, start: () => Promise<BlobSubject>): void {
  let subject: BlobSubject;
  let store: BlobStore;
  let uploads: OwnUploads;
  const next = openedForAll(start, (...opened: [BlobSubject, BlobStore]) => {
    [subject, store] = opened;
    uploads = store.uploads.of(alice);
  });
  const fresh = (sizeBytes: number) => noiseBytes(next(), sizeBytes);

  describe(`uploads in pieces to ${engine}`, () => {
    test('become a blob when they are finished, and are gone', async () => {
      const bytes = fresh(10 * MIB);
      const { id } = await uploads.begin();
      let offset = 0;
      for (const end of [1000, 1000, 6 * MIB, bytes.length]) {
        ({ offset } = await uploads.append(id, offset, streamOf(bytes.subarray(offset, end))));
        expect(offset).toBe(end);
      }
      const written = await uploads.finish(id, known(bytes));
      expect(written).toMatchObject({ sha256: sha256Of(bytes), sizeBytes: bytes.length });
      expect(await read(store, written.sha256)).toEqual(bytes);
      expect(await uploads.find(id)).toBeNull();
      expect(await failure(uploads.finish(id))).toBe('upload-unknown');
    });

    test('are claimed by name before they are there', async () => {
      const bytes = fresh(1_000);
      const { id } = await uploads.begin();
      await uploads.append(id, 0, bytes);
      const claimed: string[] = [];
      await uploads.finish(id, {
        async claim(name) {
          claimed.push(name);
          expect(await store.stat(name)).toBeNull();
        },
      });
      expect(claimed).toEqual([sha256Of(bytes)]);
    });

    test('go on where they were, also in another process', async () => {
      const bytes = fresh(50_000);
      const { id } = await uploads.begin();
      await uploads.append(id, 0, bytes.subarray(0, 20_000));
      const other = await subject.open();
      const theirs = other.uploads.of(alice);
      expect(await theirs.find(id)).toMatchObject({ id, offset: 20_000 });
      await theirs.append(id, 20_000, bytes.subarray(20_000));
      expect((await theirs.finish(id)).sha256).toBe(sha256Of(bytes));
      await other.close();
    });

    test('take nothing at another offset, and nothing beyond what may be', async () => {
      const { id } = await uploads.begin();
      await uploads.append(id, 0, fresh(100));
      for (const offset of [0, 99, 101]) {
        expect(await failure(uploads.append(id, offset, fresh(1)))).toBe('upload-offset');
      }
      expect(await failure(uploads.append(id, 100, fresh(51), 150))).toBe('body-too-large');
      expect((await uploads.find(id))?.offset).toBe(100);
      await uploads.cancel(id);
    });

    test('keep what came before the source broke off', async () => {
      const bytes = fresh(2 * MIB);
      const { id } = await uploads.begin();
      const reason = new Error('connection reset');
      const failed = uploads.append(id, 0, streamOf(bytes, { failing: reason }));
      expect(await failed.catch((error) => error)).toBe(reason);
      const { offset } = (await uploads.find(id))!;
      expect(offset).toBeGreaterThan(0);
      await uploads.append(id, offset, bytes.subarray(offset));
      expect((await uploads.finish(id, known(bytes))).sizeBytes).toBe(bytes.length);
    });

    test('are changed by one at a time', async () => {
      const { id } = await uploads.begin();
      const both = [fresh(1000), fresh(1000)].map((bytes) => failure(uploads.append(id, 0, bytes)));
      expect(await Promise.all(both)).toContain('conflict');
      await uploads.cancel(id);
    });

    test('are gone, and no blob, when they are not what was announced', async () => {
      const bytes = fresh(1000);
      const { id } = await uploads.begin();
      await uploads.append(id, 0, bytes);
      expect(await failure(uploads.finish(id, known(fresh(1000))))).toBe('blob-mismatch');
      expect(await uploads.find(id)).toBeNull();
      expect(await store.stat(sha256Of(bytes))).toBeNull();
    });

    test('end when they are cancelled, or have not changed for long', async () => {
      const [cancelled, old] = [await uploads.begin(), await uploads.begin()];
      await uploads.cancel(cancelled.id);
      await uploads.cancel(cancelled.id);
      expect(await uploads.find(cancelled.id)).toBeNull();
      await store.uploads.expire(old.changedMs);
      expect(await uploads.find(old.id)).not.toBeNull();
      expect(await store.uploads.expire(Date.now() + 60_000)).toBeGreaterThan(0);
      expect(await uploads.find(old.id)).toBeNull();
      expect(await failure(uploads.append(old.id, 0, fresh(1)))).toBe('upload-unknown');
    });

    test('are there for nobody else, and for nothing else', async () => {
      const { id } = await uploads.begin();
      await uploads.append(id, 0, fresh(100));
      for (const owner of [
        { ...alice, by: 'user:eve' },
        { ...alice, for: 'acme/other' },
      ]) {
        const theirs = store.uploads.of(owner);
        expect(await theirs.find(id)).toBeNull();
        expect(await failure(theirs.append(id, 100, fresh(1)))).toBe('upload-unknown');
        expect(await failure(theirs.finish(id))).toBe('upload-unknown');
        await theirs.cancel(id);
      }
      expect((await uploads.find(id))?.offset).toBe(100);
      await uploads.cancel(id);
    });

    test('are what both hashes say, asked for at the beginning or at the end', async () => {
      const bytes = fresh(300_000);
      const sha512 = new Bun.CryptoHasher('sha512').update(bytes).digest('hex');
      for (const hash of [[], ['sha512']] as const) {
        const { id } = await uploads.begin({ hash });
        await uploads.append(id, 0, streamOf(bytes.subarray(0, 100_000)));
        await uploads.append(id, 100_000, streamOf(bytes.subarray(100_000)));
        const written = await uploads.finish(id, { expect: { sha512 } });
        expect(written).toMatchObject({
          sha256: sha256Of(bytes),
          sizeBytes: bytes.length,
          hashes: { sha512 },
        });
      }
    });

    test('are counted as long as they are under way', async () => {
      const before = store.uploads.underWay;
      const [finished, cancelled] = [await uploads.begin(), await uploads.begin()];
      await uploads.append(finished.id, 0, fresh(1000));
      await uploads.append(cancelled.id, 0, fresh(500));
      expect(store.uploads.underWay).toEqual({ uploads: before.uploads + 2, bytes: before.bytes + 1500 });
      await uploads.finish(finished.id);
      await uploads.cancel(cancelled.id);
      expect(store.uploads.underWay).toEqual(before);
    });

    test('are found by nothing but their id', async () => {
      for (const id of ['', '..', '../blobs', 'x'.repeat(36), crypto.randomUUID()]) {
        expect(await uploads.find(id)).toBeNull();
        expect(await failure(uploads.append(id, 0, fresh(1)))).toBe('upload-unknown');
        await uploads.cancel(id);
      }
    });
  });
}
