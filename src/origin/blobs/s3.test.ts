import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { S3Client } from 'bun';
import { startProxy } from '../../../test/faults/proxy.ts';
import { eventually, noiseBytes, temporary, virtualClock } from '../../../test/support/index.ts';
import { type S3Server, startS3 } from '../../../test/support/s3.ts';
import { systemClock } from '../../clock.ts';
import { type BlobSubject, blobContract } from './blobs.contract.ts';
import { openS3, type S3Options } from './s3.ts';
import { failure, known, read, sha256Of } from './samples.contract.ts';
import { uploadContract } from './uploads.contract.ts';

const clock = systemClock;

function optionsFor(server: S3Server, spool: string) {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = server;
  const where = { endpoint, bucket, region: 'us-east-1', prefix: 'some/where/', virtualHostedStyle: false };
  const settings = { redirect: false, checksums: true, spool, random: () => 0.5, env: {} };
  return { ...where, accessKeyId, secretAccessKey, ...settings } satisfies Partial<S3Options>;
}

async function subject(): Promise<BlobSubject> {
  const server = await startS3();
  const folder = temporary('spool');
  const options = optionsFor(server, folder.path);
  const client = new S3Client(options);
  return {
    open: () => openS3({ ...options, clock }),
    place: ['s3', JSON.stringify(options)],
    replace: async (sha256, bytes) => {
      await client.write(`some/where/sha256/${sha256}`, bytes);
    },
    async stop() {
      await server.stop();
      folder[Symbol.dispose]();
    },
  };
}

blobContract('S3', subject);
uploadContract('S3', subject);

describe('a bucket', () => {
  let server: S3Server;
  const folder = temporary('spool');
  const bytes = noiseBytes(1, 9 * 2 ** 20);
  beforeAll(async () => {
    server = await startS3();
  });
  afterAll(async () => {
    await server?.stop();
    folder[Symbol.dispose]();
  });

  test('can be read from by clients directly, for a while, if the config has it so', async () => {
    const options = { ...optionsFor(server, folder.path), clock };
    const store = await openS3({ ...options, redirect: true });
    const { sha256 } = await store.write(bytes);
    const url = store.url(sha256, 60);
    expect(new URL(url ?? '').searchParams.get('X-Amz-Expires')).toBe('60');
    expect(await (await fetch(url ?? '')).bytes()).toEqual(bytes);
    expect((await openS3(options)).url(sha256, 60)).toBeNull();
  });

  test('whose answer breaks off gives an error, never a part as the whole', async () => {
    await using proxy = await startProxy({ port: Number(new URL(server.endpoint).port) });
    const options = { ...optionsFor(server, folder.path), endpoint: proxy.url, clock };
    const store = await openS3(options);
    const { sha256 } = await store.write(bytes);
    proxy.weather({ cutAfterBytes: 3 * 2 ** 20 });
    expect(await failure(read(store, sha256))).toBe('upstream-truncated');
    proxy.weather({});
    expect(await read(store, sha256)).toEqual(bytes);
  });

  test('that cannot be reached is said to be unavailable, and used again when it is back', async () => {
    const store = await openS3({ ...optionsFor(server, folder.path), clock });
    const small = noiseBytes(2, 1000);
    await server.kill();
    const sha256 = sha256Of(small);
    const calls = {
      write: () => store.write(small),
      open: () => store.open(sha256),
      stat: () => store.stat(sha256),
      delete: () => store.delete(sha256),
      list: () => store.list(null, 10),
      check: () => store.check(),
    };
    for (const [name, call] of Object.entries(calls)) {
      expect(await failure(call()), name).toBe('store-unavailable');
    }
    await server.start();
    await store.write(small);
    expect(await read(store, sha256)).toEqual(small);
  }, 30_000);

  test('that is gone without a word holds up nobody for long', async () => {
    await using line = await startProxy({ port: Number(new URL(server.endpoint).port) });
    const clock = virtualClock(Date.now());
    const endpoint = line.url;
    const store = await openS3({ ...optionsFor(server, folder.path), endpoint, clock });
    line.weather({ blackhole: true });
    const calls = [
      store.write(bytes, known(bytes)),
      store.stat(sha256Of(bytes)),
      store.open(sha256Of(bytes)),
    ];
    const outcomes = calls.map(failure);
    await eventually('all of them to wait', () => clock.waiting >= calls.length);
    await Bun.sleep(50);
    for (let minute = 0; minute < 3; minute++) clock.advance(60_000);
    expect(await Promise.all(outcomes)).toEqual(calls.map(() => 'store-unavailable'));
    line.weather({});
    await store.check();
  });

  test('is asked for what has been there already only whether it is', async () => {
    const store = await openS3({ ...optionsFor(server, folder.path), clock });
    const { sha256 } = await store.write(bytes);
    const before = (await store.stat(sha256))?.writtenMs;
    await store.write(new Blob([bytes]).stream());
    expect((await store.stat(sha256))?.writtenMs).toBe(before as number);
  });
});
