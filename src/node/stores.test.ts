import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { eventually, temporary, virtualClock } from '../../test/support/index.ts';
import { startS3 } from '../../test/support/s3.ts';
import type { Log } from '../telemetry/log.ts';
import { openStores } from './stores.ts';

function notes() {
  const lines: string[] = [];
  const note = (message: string) => void lines.push(message);
  const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log };
  return { lines, log };
}

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

test('a database that cannot be reached keeps no origin from starting', async () => {
  using folder = temporary('stores');
  const { log } = notes();
  const stores = await openStores(
    {
      blobs: { engine: 'files', path: join(folder.path, 'blobs') },
      metadata: { engine: 'postgres', url: 'postgres://nobody@127.0.0.1:1/none', connections: 1 },
    },
    virtualClock(),
    log,
  );
  await eventually('it to be noticed', () => stores.status.metadata.state === 'failing');
  expect(stores.status.blobs).toEqual({ engine: 'files', state: 'well' });
  await stores.close();
});
