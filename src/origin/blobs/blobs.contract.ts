/** What a blob store has to hold to, whatever its engine. */
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { findBun, runtimeEnv } from '../../../bin/runtime.mjs';
import { eventually, noiseBytes } from '../../../test/support/index.ts';
import { asSha256, type BlobStore, type Sha256 } from '../../store.ts';
import { openedForAll } from '../opened.contract.ts';
import { bytesOf, failed, failure, hashOf, known, read, sha256Of, streamOf } from './samples.contract.ts';

export interface BlobSubject {
  /** The same blobs each time: as the next process would open them. */
  open(): Promise<BlobStore>;
  /** What `test/faults/blob-writer.ts` opens them with. */
  readonly place: readonly [engine: string, options: string];
  /** Puts other bytes into the place of a blob, behind the store's back. */
  replace(sha256: Sha256, bytes: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

const MIB = 2 ** 20;

export function blobContract(engine: string, start: () => Promise<BlobSubject>): void {
  let subject: BlobSubject;
  let store: BlobStore;
  const next = openedForAll(start, (...opened: [BlobSubject, BlobStore]) => {
    [subject, store] = opened;
  });
  const fresh = (sizeBytes: number) => noiseBytes(next(), sizeBytes);

  describe(`blobs in ${engine}`, () => {
    // Nothing, a little, what takes several parts: of bytes whose name is known, or not.
    for (const sizeBytes of [0, 1, 70_000, 11 * MIB + 7]) {
      for (const named of [true, false]) {
        test(`of ${sizeBytes} bytes come back as they were, ${named ? 'named' : 'not named'} beforehand`, async () => {
          const bytes = fresh(sizeBytes);
          const sha256 = sha256Of(bytes);
          const written = await store.write(streamOf(bytes), named ? known(bytes) : {});
          expect(written).toEqual({ sha256, sizeBytes, hashes: { sha256 } });
          expect(await read(store, sha256)).toEqual(bytes);
          expect(await store.stat(sha256)).toMatchObject({ sha256, sizeBytes });
          expect(Math.abs((await store.stat(sha256))!.writtenMs - Date.now())).toBeLessThan(60_000);
        });
      }
    }

    test('are taken as bytes, too, and hashed as was asked for', async () => {
      const bytes = fresh(1000);
      const { hashes } = await store.write(bytes, {
        hash: ['md5', 'sha1'],
        expect: { sha512: hashOf('sha512', bytes), sizeBytes: 1000 },
      });
      expect(hashes).toEqual({
        md5: hashOf('md5', bytes),
        sha1: hashOf('sha1', bytes),
        sha256: sha256Of(bytes),
        sha512: hashOf('sha512', bytes),
      });
    });

    for (const sizeBytes of [1_000, 5 * MIB]) {
      for (const named of [true, false]) {
        test(`of ${sizeBytes} bytes are claimed by name before they are there, ${named ? 'named' : 'not named'} beforehand`, async () => {
          const bytes = fresh(sizeBytes);
          const sha256 = sha256Of(bytes);
          const claimed: string[] = [];
          const options = {
            ...(named && known(bytes)),
            async claim(name: Sha256) {
              claimed.push(name);
              expect(await store.stat(name)).toBeNull();
            },
          };
          await store.write(streamOf(bytes), options);
          expect(claimed).toEqual([sha256]);
          expect(await store.stat(sha256)).not.toBeNull();
        });

        test(`of ${sizeBytes} bytes are not written when nobody may claim them, ${named ? 'named' : 'not named'} beforehand`, async () => {
          const bytes = fresh(sizeBytes);
          const options = {
            ...(named && known(bytes)),
            claim: () => Promise.reject(new Error('not this one')),
          };
          await expect(store.write(streamOf(bytes), options)).rejects.toThrow('not this one');
          expect(await store.stat(sha256Of(bytes))).toBeNull();
        });
      }
    }

    test('that are not there are not there', async () => {
      const sha256 = sha256Of(fresh(10));
      expect(await store.open(sha256)).toBeNull();
      expect(await store.open(sha256, { from: 0, to: 1 })).toBeNull();
      expect(await store.stat(sha256)).toBeNull();
      await store.delete(sha256);
    });

    test('are there for the next process', async () => {
      const bytes = fresh(5000);
      const { sha256 } = await store.write(bytes);
      const other = await subject.open();
      expect(await read(other, sha256)).toEqual(bytes);
      await other.close();
    });

    test('are gone when they are deleted, and can be written again', async () => {
      const bytes = fresh(5000);
      const { sha256 } = await store.write(bytes);
      await store.delete(sha256);
      expect(await store.stat(sha256)).toBeNull();
      await store.write(bytes, known(bytes));
      expect(await read(store, sha256)).toEqual(bytes);
    });
  });

  describe(`what is not stored in ${engine}`, () => {
    for (const sizeBytes of [3000, 11 * MIB]) {
      const what = sizeBytes > MIB ? 'of several parts' : 'of one piece';

      test(`a blob ${what} that is not what was announced, in any respect`, async () => {
        const bytes = fresh(sizeBytes);
        const announced = [
          { sha256: sha256Of(fresh(1)) },
          { sha512: hashOf('sha512', fresh(1)) },
          { sha256: sha256Of(bytes), sizeBytes: sizeBytes + 1 },
          { sha256: sha256Of(bytes), sha1: hashOf('sha1', fresh(1)) },
        ];
        for (const expect_ of announced) {
          expect(await failure(store.write(streamOf(bytes), { expect: expect_ }))).toBe('blob-mismatch');
          expect(await store.stat(sha256Of(bytes))).toBeNull();
          if (expect_.sha256) expect(await store.stat(expect_.sha256)).toBeNull();
        }
      });

      test(`a blob ${what} whose source breaks off`, async () => {
        const bytes = fresh(sizeBytes);
        for (const options of [known(bytes), {}]) {
          const reason = new Error('connection reset');
          const failed = store.write(streamOf(bytes, { failing: reason }), options);
          expect(await failed.catch((error) => error)).toBe(reason);
          expect(await store.stat(sha256Of(bytes))).toBeNull();
        }
      });

      test(`a blob ${what} that is longer than may be`, async () => {
        const bytes = fresh(sizeBytes);
        for (const options of [known(bytes), {}]) {
          const failed = store.write(streamOf(bytes), { ...options, maxBytes: sizeBytes - 1 });
          expect(await failure(failed)).toBe('body-too-large');
          expect(await store.stat(sha256Of(bytes))).toBeNull();
        }
      });
    }

    test('a blob whose writing is aborted, while its source has nothing to say', async () => {
      const bytes = fresh(3000);
      const abort = new AbortController();
      let cancelled = false;
      const source = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(bytes),
        cancel() {
          cancelled = true;
        },
      });
      const writing = store.write(source, { ...known(bytes), signal: abort.signal });
      await Bun.sleep(20);
      abort.abort(new Error('enough'));
      expect(await writing.catch((error) => error.message)).toBe('enough');
      expect(cancelled).toBe(true);
      expect(await store.stat(sha256Of(bytes))).toBeNull();
    });

    test('and what was there before stays', async () => {
      const bytes = fresh(9 * MIB);
      const { sha256 } = await store.write(bytes);
      const other = fresh(9 * MIB);
      expect(await failure(store.write(streamOf(other), known(bytes)))).toBe('blob-mismatch');
      expect(await read(store, sha256)).toEqual(bytes);
    });
  });

  describe(`many at once, in ${engine}`, () => {
    test('can write the same blob: all of them succeed', async () => {
      const bytes = fresh(9 * MIB);
      const write = (named: number) => store.write(streamOf(bytes), named % 2 ? known(bytes) : {});
      const all = await Promise.all([0, 1, 2, 3].map(write));
      expect(new Set(all.map(({ sha256 }) => sha256))).toEqual(new Set([sha256Of(bytes)]));
      expect(await read(store, sha256Of(bytes))).toEqual(bytes);
    });

    test('can write, read and delete the same blob: whoever reads gets all of it, an error, or nothing', async () => {
      const bytes = fresh(2 * MIB);
      const sha256 = sha256Of(bytes);
      const writer = (async () => {
        for (let round = 0; round < 8; round++) {
          await store.write(streamOf(bytes), known(bytes));
          await store.delete(sha256);
        }
        await store.write(bytes);
      })();
      const reader = (async () => {
        for (let round = 0; round < 15; round++) {
          const opened = await store.open(sha256).catch(failed);
          const found = opened && (await bytesOf(opened).catch(failed));
          if (found) expect(Buffer.compare(found, bytes)).toBe(0);
        }
      })();
      await Promise.all([writer, reader]);
      expect(await read(store, sha256)).toEqual(bytes);
    });

    test('a write stops taking from its source when it cannot keep up, and holds little in memory', async () => {
      const piece = fresh(MIB);
      const pieces = 256;
      let handed = 0;
      const before = process.memoryUsage.rss();
      let peak = before;
      const source = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            await Bun.sleep(1);
            // What is garbage is not held.
            if (handed % 16 === 0) Bun.gc(true);
            peak = Math.max(peak, process.memoryUsage.rss());
            if (handed++ < pieces) controller.enqueue(piece.slice());
            else controller.close();
          },
        },
        { highWaterMark: 0 },
      );
      const { sizeBytes } = await store.write(source, { expect: { sha256: repeatedSha256(piece, pieces) } });
      expect(sizeBytes).toBe(pieces * MIB);
      expect((peak - before) / MIB).toBeLessThan(pieces / 2);
    }, 30_000);
  });

  describe(`reading from ${engine}`, () => {
    test('gives ranges, as far as the blob goes', async () => {
      const bytes = fresh(700_000);
      const { sha256 } = await store.write(bytes);
      for (const [from, to] of [
        [0, 0],
        [0, 99],
        [699_999, 699_999],
        [300_000, 600_000],
        [0, 699_999],
        [650_000, 9_999_999],
      ] as const) {
        const opened = await store.open(sha256, { from, to });
        const last = Math.min(to, 699_999);
        expect(opened).toMatchObject({ sizeBytes: 700_000, range: { from, to: last } });
        expect(await bytesOf(opened!)).toEqual(bytes.subarray(from, last + 1));
      }
      expect(await store.open(sha256, { from: 700_000, to: 700_001 })).toBeNull();
    });

    test('can be stopped at any time', async () => {
      const { sha256 } = await store.write(fresh(3 * MIB));
      for (let round = 0; round < 20; round++) {
        const opened = await store.open(sha256);
        const reader = opened!.body.getReader();
        if (round % 2) await reader.read();
        await reader.cancel();
      }
    });

    test('goes on to the end, or fails, when the blob is deleted meanwhile', async () => {
      const bytes = fresh(6 * MIB);
      const { sha256 } = await store.write(bytes);
      const opened = await store.open(sha256);
      await store.delete(sha256);
      const found = await bytesOf(opened!).catch(failed);
      if (found) expect(Buffer.compare(found, bytes)).toBe(0);
    });

    test('fails before the last chunk when the bytes are no longer those of the name', async () => {
      const bytes = fresh(MIB);
      const { sha256 } = await store.write(bytes);
      const other = Uint8Array.from(bytes);
      other[MIB / 2] = (other[MIB / 2] ?? 0) ^ 1;
      for (const instead of [other, bytes.subarray(0, 1000)]) {
        await subject.replace(sha256, instead);
        const opened = await store.open(sha256);
        let seen = 0;
        const reading = (async () => {
          for await (const chunk of opened!.body) seen += chunk.length;
        })();
        expect(await failure(reading)).toBe('blob-damaged');
        expect(seen).toBeLessThan(instead.length);
      }
    });
  });

  describe(`the list of ${engine}`, () => {
    test('has every blob once, in order, in pages', async () => {
      const names = [];
      for (let number = 0; number < 23; number++) names.push((await store.write(fresh(number))).sha256);
      const listed: string[] = [];
      for (let after: Sha256 | null = null; ; ) {
        const page = await store.list(after, 5);
        listed.push(...page.map(({ sha256 }) => sha256));
        for (const { sizeBytes, writtenMs } of page) {
          expect(sizeBytes).toBeGreaterThanOrEqual(0);
          expect(writtenMs).toBeGreaterThan(0);
        }
        after = page.at(-1)?.sha256 ?? null;
        if (page.length < 5) break;
      }
      expect(listed).toEqual([...new Set(listed)].sort());
      expect(listed).toEqual(expect.arrayContaining(names));
    });
  });

  describe(`a crash, with ${engine}`, () => {
    test('leaves every blob that was acknowledged, and none that is not whole', async () => {
      const writer = join(import.meta.dir, '../../../test/faults/blob-writer.ts');
      for (let round = 0; round < 4; round++) {
        const child = Bun.spawn([findBun(), writer, ...subject.place, `round ${round}`], {
          env: runtimeEnv(),
          stdin: 'ignore',
          stdout: 'pipe',
          stderr: 'inherit',
        });
        let printed = '';
        const reading = (async () => {
          for await (const chunk of child.stdout) printed += Buffer.from(chunk).toString();
        })();
        await eventually('the writer to write', () => printed.split('\n').length > 6 + round * 5);
        child.kill('SIGKILL');
        await Promise.all([child.exited, reading]);
        for (const name of printed.split('\n').slice(0, -1)) {
          expect(await store.stat(asSha256(name)!), `${name} of round ${round}`).not.toBeNull();
        }
      }
      for (let after: Sha256 | null = null; ; ) {
        const page = await store.list(after, 100);
        for (const { sha256, sizeBytes } of page) {
          // What the tests above have damaged themselves is another matter.
          if (sizeBytes === 1000 || sizeBytes === MIB) continue;
          expect(sha256Of(await read(store, sha256))).toBe(sha256);
        }
        after = page.at(-1)?.sha256 ?? null;
        if (page.length < 100) break;
      }
    }, 120_000);
  });

  test(`${engine} says that it is well`, () => store.check());
}

function repeatedSha256(piece: Uint8Array, times: number): string {
  const hasher = new Bun.CryptoHasher('sha256');
  for (let time = 0; time < times; time++) hasher.update(piece);
  return hasher.digest('hex');
}
