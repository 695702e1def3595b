import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { makeAuthority, noOpenssl } from '../../test/support/certificate.ts';
import { eventually, temporary, virtualClock } from '../../test/support/index.ts';
import { available } from '../../test/support/needs.ts';
import { startS3 } from '../../test/support/s3.ts';
import { systemClock } from '../clock.ts';
import { standardStore } from '../config/schema-store.ts';
import type { TlsFiles } from '../server-tls.ts';
import type { Log } from '../telemetry/log.ts';
import { openStores } from './stores.ts';

function notes() {
  const lines: string[] = [];
  const note = (message: string) => void lines.push(message);
  const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log };
  return { lines, log };
}

const { uploads } = standardStore;

test('stores are looked at every now and then; it is told when one begins to fail, and when it is well again', async () => {
  using folder = temporary('stores');
  const server = await startS3();
  const clock = virtualClock(Date.now());
  const { lines, log } = notes();
  const { endpoint, bucket, accessKeyId, secretAccessKey } = server;
  const keys = { endpoint, bucket, accessKeyId, secretAccessKey, region: 'us-east-1' };
  const spool = join(folder.path, 'spool');
  const settings = { prefix: '', virtualHostedStyle: false, redirect: false, checksums: true, spool };
  const stores = await openStores(
    {
      blobs: { engine: 's3', ...keys, ...settings },
      metadata: { engine: 'sqlite', path: join(folder.path, 'metadata.db') },
      minFreeBytes: 0,
      uploads,
    },
    clock,
    log,
  );
  const blobs = (state: string) => () => stores.status.blobs.state === state;
  await eventually('the first look', blobs('well'));
  expect(stores.status).toEqual({
    blobs: { engine: 's3', state: 'well' },
    metadata: { engine: 'sqlite', state: 'well' },
  });

  await server.kill();
  clock.advance(15_000);
  await eventually('it to be noticed', blobs('failing'));
  expect(stores.status.metadata.state).toBe('well');
  clock.advance(15_000);
  await server.start();
  await eventually('it to be noticed', () => {
    clock.advance(15_000);
    return blobs('well')();
  });
  expect(lines).toEqual(['the store fails', 'the store is well again']);
  await stores.close();
  await server.stop();
}, 30_000);

test.skipIf(!available('openssl', noOpenssl))(
  'a bucket is asked over TLS: who is believed says the config, and what is shown',
  async () => {
    using folder = temporary('stores');
    const ours = await makeAuthority(folder.path, 'ours');
    const others = await makeAuthority(folder.path, 'others');
    const [shown, own] = [await ours.issue('bucket'), await ours.issue('origin')];
    const server = await startS3();
    const [cert, key, ca] = await Promise.all(
      [shown.cert, shown.key, ours.ca].map((path) => Bun.file(path).text()),
    );
    const tls = { cert, key, ca, requestCert: true, rejectUnauthorized: true };
    const front = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      tls,
      async fetch(request) {
        const { pathname, search } = new URL(request.url);
        const body = request.body === null ? null : await request.bytes();
        const { method, headers } = request;
        return fetch(server.endpoint + pathname + search, { method, headers, body });
      },
    });
    const { lines, log } = notes();

    async function opened(tls: TlsFiles) {
      const { bucket, accessKeyId, secretAccessKey } = server;
      const keys = { endpoint: `https://127.0.0.1:${front.port}`, bucket, accessKeyId, secretAccessKey };
      const settings = { prefix: '', virtualHostedStyle: false, redirect: false, checksums: true };
      const spool = join(folder.path, 'spool');
      const metadata = { engine: 'sqlite' as const, path: join(folder.path, 'metadata.db') };
      const blobs = { engine: 's3' as const, ...keys, ...settings, spool, tls };
      return openStores({ blobs, metadata, minFreeBytes: 0, uploads }, systemClock, log);
    }

    const right = await opened({ ...own, ca: ours.ca });
    const { sha256 } = await right.blobs.write(new TextEncoder().encode('a blob'));
    expect(await right.blobs.stat(sha256)).toMatchObject({ sizeBytes: 6 });
    await right.close();
    expect(lines).toEqual([]);

    const wrong: TlsFiles[] = [{ ...own, ca: others.ca }, { ca: ours.ca }];
    for (const [at, files] of wrong.entries()) {
      const stores = await opened(files);
      await eventually('it to be noticed', () => stores.status.blobs.state === 'failing');
      expect(lines).toHaveLength(at + 1);
      await stores.close();
    }
    await front.stop(true);
    await server.stop();
  },
  30_000,
);

test('a database that cannot be reached keeps no origin from starting', async () => {
  using folder = temporary('stores');
  const { log } = notes();
  const stores = await openStores(
    {
      blobs: { engine: 'files', path: join(folder.path, 'blobs') },
      metadata: { engine: 'postgres', url: 'postgres://nobody@127.0.0.1:1/none', connections: 1 },
      minFreeBytes: 0,
      uploads,
    },
    virtualClock(),
    log,
  );
  await eventually('it to be noticed', () => stores.status.metadata.state === 'failing');
  expect(stores.status.blobs).toEqual({ engine: 'files', state: 'well' });
  await stores.close();
});
