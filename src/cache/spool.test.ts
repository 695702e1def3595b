import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MeridianError } from '../errors.ts';
import { type Objects, openObjects } from './disk/objects.ts';
import { type Spool, type SpoolOptions, spool } from './spool.ts';

let folder: string;
let objects: Objects;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-'));
  objects = await openObjects(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const failures: unknown[] = [];

function options(changes: Partial<SpoolOptions> = {}): SpoolOptions {
  return {
    memoryBytes: 1024,
    budget: { limitBytes: 1024 * 1024, usedBytes: 0 },
    openFile: () => objects.create(),
    fileFailed: (error) => failures.push(error),
    ...changes,
  };
}

function bytes(length: number, seed = 1): Uint8Array {
  const made = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    made[at] = state >> 16;
  }
  return made;
}

async function readAll(source: Spool, from = 0): Promise<Buffer> {
  const cursor = source.attach(from);
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = await source.read(cursor);
    if (!piece) break;
    pieces.push(piece.slice());
    source.advance(cursor, piece.length);
  }
  source.detach(cursor);
  return Buffer.concat(pieces);
}

async function write(target: Spool, body: Uint8Array, chunk = 50_000): Promise<void> {
  for (let at = 0; at < body.length; at += chunk) await target.append(body.slice(at, at + chunk));
}

test('a small body stays in memory and comes out whole', async () => {
  const body = bytes(1000);
  const target = spool(options());
  await write(target, body, 100);
  const whole = await target.finish();
  expect(whole && 'bytes' in whole && Buffer.from(whole.bytes).equals(body)).toBe(true);
});

test('a large body goes to a file whose name is its digest', async () => {
  const body = bytes(3_000_000);
  const target = spool(options());
  const reader = readAll(target);
  await write(target, body);
  const whole = await target.finish();
  if (!whole || !('file' in whole)) throw new Error('expected a file');
  const sha256 = await whole.file.commit();
  expect(sha256).toBe(new Bun.CryptoHasher('sha256').update(body).digest('hex'));
  expect(Buffer.from(await Bun.file(objects.path(sha256)).bytes()).equals(body)).toBe(true);
  expect((await reader).equals(body)).toBe(true);
  await target.dispose(true);
});

test('a reader who comes late, or is slow, finds every byte in the file', async () => {
  const body = bytes(5_000_000, 7);
  const target = spool(options());
  const slow = target.attach(0);
  const first = await Promise.all([target.append(body.slice(0, 10_000)), target.read(slow)]);
  expect(first[1]?.length).toBe(10_000);
  await write(target, body.slice(10_000));
  const late = readAll(target, 1234);
  await target.finish();
  expect((await late).equals(body.slice(1234))).toBe(true);
  target.advance(slow, 10_000);
  const piece = await target.read(slow);
  expect(piece && Buffer.from(piece).equals(body.slice(10_000, 10_000 + piece.length))).toBe(true);
});

test('memory holds only the newest stretch of a body that goes to a file', async () => {
  const target = spool(options());
  const cursor = target.attach(0);
  await write(target, bytes(8_000_000));
  const old = target.read(cursor);
  // What memory holds is handed out at once; the oldest bytes have to come from the file.
  expect(old).toBeInstanceOf(Promise);
  expect((await old)?.length).toBeGreaterThan(0);
  await target.finish();
  await target.dispose(false);
});

test('a shared budget sends bodies to a file early', async () => {
  const budget = { limitBytes: 500, usedBytes: 0 };
  const first = spool(options({ budget }));
  const second = spool(options({ budget }));
  await first.append(bytes(400));
  await second.append(bytes(400));
  const whole = await second.finish();
  expect(whole && 'file' in whole).toBe(true);
  await first.finish();
  expect(budget.usedBytes).toBe(0);
});

test('without a file the source waits for the slowest reader, and nothing is kept', async () => {
  const target = spool(options({ openFile: async () => null }));
  const cursor = target.attach(0);
  let done = false;
  const body = bytes(4_000_000, 3);
  const writing = write(target, body).then(() => {
    done = true;
  });
  await Bun.sleep(5);
  expect(done).toBe(false);
  const pieces: Uint8Array[] = [];
  while (cursor.offset < body.length) {
    const piece = await target.read(cursor);
    if (!piece) throw new Error('ended early');
    pieces.push(piece.slice());
    target.advance(cursor, piece.length);
  }
  await writing;
  expect(Buffer.concat(pieces).equals(body)).toBe(true);
  expect(await target.finish()).toBeNull();
});

test('a disk that fails midway costs the copy, not the readers', async () => {
  let appended = 0;
  const target = spool(
    options({
      async openFile() {
        const writer = await objects.create();
        return {
          ...writer,
          async append(chunks) {
            if (++appended > 2) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
            return writer.append(chunks);
          },
        };
      },
    }),
  );
  const body = bytes(2_000_000, 5);
  const reader = readAll(target);
  await write(target, body);
  expect(await target.finish()).toBeNull();
  expect((await reader).equals(body)).toBe(true);
  expect(failures).toHaveLength(1);
});

test('a failed body ends for its readers, who can tell', async () => {
  const target = spool(options());
  const reader = readAll(target);
  await target.append(bytes(10));
  target.fail(new MeridianError('upstream-truncated', 'cut'));
  expect((await reader).length).toBe(10);
  expect(target.state).toBe('failed');
  expect(target.complete).toBe(false);
});
