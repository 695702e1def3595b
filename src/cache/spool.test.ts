import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { MeridianError } from '../errors.ts';
import { noteReceived } from '../http/received.ts';
import { noise, openFiles } from './answers.contract.ts';
import { type Objects, openObjects, sha256Of } from './disk/objects.ts';
import { type Spool, type SpoolOptions, spool } from './spool.ts';

let folder: string;
let objects: Objects;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-'));
  objects = await openObjects(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const failures: unknown[] = [];

function options(changes: Partial<SpoolOptions> = {}): SpoolOptions {
  return {
    memoryBytes: 1024,
    maxBytes: 100_000_000,
    budget: { limitBytes: 1024 * 1024, usedBytes: 0 },
    openFile: () => objects.create(),
    fileFailed: (error) => failures.push(error),
    ...changes,
  };
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
  const body = noise(1000);
  const target = spool(options());
  await write(target, body, 100);
  const whole = await target.finish();
  expect(whole && 'bytes' in whole && Buffer.from(whole.bytes).equals(body)).toBe(true);
});

test('a large body goes to a file whose name is its digest', async () => {
  const body = noise(3_000_000);
  const target = spool(options());
  const reader = readAll(target);
  await write(target, body);
  const whole = await target.finish();
  if (!whole || !('file' in whole)) throw new Error('expected a file');
  const sha256 = await whole.file.commit(async () => {});
  expect(sha256).toBe(new Bun.CryptoHasher('sha256').update(body).digest('hex'));
  expect(Buffer.from(await Bun.file(objects.path(sha256)).bytes()).equals(body)).toBe(true);
  expect((await reader).equals(body)).toBe(true);
  await target.dispose(true);
});

test('a reader who comes late, or is slow, finds every byte in the file', async () => {
  const body = noise(5_000_000, 7);
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
  await write(target, noise(8_000_000));
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
  await first.append(noise(400));
  await second.append(noise(400));
  const whole = await second.finish();
  expect(whole && 'file' in whole).toBe(true);
  await first.finish();
  await first.dispose(true);
  await second.dispose(false);
  expect(budget.usedBytes).toBe(0);
});

test('without a file the source waits for the slowest reader, and nothing is kept', async () => {
  const target = spool(options({ openFile: async () => null }));
  const cursor = target.attach(0);
  let done = false;
  const body = noise(4_000_000, 3);
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
        const append = writer.append.bind(writer);
        writer.append = async (chunks) => {
          if (++appended > 2) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
          return append(chunks);
        };
        return writer;
      },
    }),
  );
  const body = noise(2_000_000, 5);
  const reader = readAll(target);
  await write(target, body);
  expect(await target.finish()).toBeNull();
  expect((await reader).equals(body)).toBe(true);
  expect(failures).toHaveLength(1);
});

test('a failed body ends for its readers, who can tell', async () => {
  const target = spool(options());
  const reader = readAll(target);
  await target.append(noise(10));
  target.fail(new MeridianError('upstream-truncated', 'cut'));
  expect((await reader).length).toBe(10);
  expect(target.state).toBe('failed');
  expect(target.joinable).toBe(false);
});

test('a body longer than may be kept is passed on to whoever reads along, and not written any further', async () => {
  const target = spool(options({ maxBytes: 100_000 }));
  const body = noise(3_000_000, 4);
  const reader = readAll(target);
  await write(target, body);
  expect(target.keeping).toBe(false);
  expect(target.joinable).toBe(false);
  expect(await target.finish()).toBeNull();
  expect((await reader).equals(body)).toBe(true);
  await target.dispose(false);
  expect(openFiles(folder)).toBe(0);
});

test('whoever is behind when the disk fails still finds what had been written', async () => {
  const broken = options({
    async openFile() {
      const writer = await objects.create();
      const append = writer.append.bind(writer);
      writer.append = async (chunks) => {
        if (writer.sizeBytes > 1_000_000) throw new Error('input/output error');
        return append(chunks);
      };
      return writer;
    },
    fileFailed: () => {},
  });
  const target = spool(broken);
  const slow = target.attach(0);
  const body = noise(4_000_000, 6);
  const writing = write(target, body);
  const pieces: Uint8Array[] = [];
  while (slow.offset < body.length) {
    await Bun.sleep(0);
    const piece = await target.read(slow);
    if (!piece) throw new Error('ended early');
    pieces.push(piece.slice());
    target.advance(slow, piece.length);
  }
  await writing;
  expect(Buffer.concat(pieces).equals(body)).toBe(true);
  expect(await target.finish()).toBeNull();
  target.detach(slow);
  await target.dispose(false);
  expect(openFiles(folder)).toBe(0);
});

test('with the shared memory crowded, bodies in files keep next to nothing in memory', async () => {
  const budget = { limitBytes: 100_000, usedBytes: 0 };
  const many = Array.from({ length: 20 }, () => spool(options({ budget })));
  const body = noise(500_000, 8);
  let mostBytes = 0;
  await Promise.all(
    many.map(async (each) => {
      for (let at = 0; at < body.length; at += 10_000) {
        await each.append(body.slice(at, at + 10_000));
        mostBytes = Math.max(mostBytes, budget.usedBytes);
      }
    }),
  );
  // What had to be charged at once: a chunk for each of them, beyond the limit.
  expect(mostBytes).toBeLessThanOrEqual(100_000 + many.length * 10_000);
  for (const each of many) {
    await each.finish();
    expect((await readAll(each)).equals(Buffer.from(body))).toBe(true);
    await each.dispose(false);
  }
  expect(budget.usedBytes).toBe(0);
});

test('a reader keeps the file open for as long as it reads, and no longer', async () => {
  const target = spool(options());
  const body = noise(2_000_000, 9);
  const cursor = target.attach(0);
  await write(target, body);
  await target.finish();
  await target.dispose(false);
  expect(openFiles(folder)).toBe(1);
  expect((await readAll(target)).equals(body)).toBe(true);
  expect(openFiles(folder)).toBe(1);
  target.detach(cursor);
  await Bun.sleep(5);
  expect(openFiles(folder)).toBe(0);
});

test('whatever the chunks, every reader gets the same bytes', async () => {
  const sizes = fc.array(fc.oneof(fc.nat(20), fc.nat(5000), fc.nat(200_000)), { maxLength: 30 });
  const starts = fc.array(fc.nat(100), { maxLength: 4 });
  const property = fc.asyncProperty(sizes, starts, fc.boolean(), async (lengths, percents, crowded) => {
    const body = noise(
      lengths.reduce((sum, length) => sum + length, 0),
      lengths.length,
    );
    const budget = { limitBytes: crowded ? 1000 : 10_000_000, usedBytes: 0 };
    const target = spool(options({ budget, memoryBytes: 50_000 }));
    const froms = percents.map((percent) => Math.floor((body.length * percent) / 100));
    const readers = froms.map((from) => readAll(target, from));
    let at = 0;
    for (const length of lengths) {
      await target.append(body.slice(at, at + length));
      at += length;
    }
    const whole = await target.finish();
    const kept = whole && ('bytes' in whole ? Buffer.from(whole.bytes) : null);
    if (kept) expect(kept.equals(body)).toBe(true);
    for (const [which, from] of froms.entries()) {
      expect((await readers[which])?.equals(body.subarray(from))).toBe(true);
    }
    await target.dispose(false);
    expect(budget.usedBytes).toBe(0);
  });
  await fc.assert(property, { numRuns: 60 });
  expect(openFiles(folder)).toBe(0);
});

test('memory that is used again is used by nobody else any more', async () => {
  const reads = fc.array(fc.record({ offset: fc.nat(100), pauses: fc.array(fc.nat(4), { minLength: 1 }) }), {
    maxLength: 4,
  });
  const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 150_000 })), {
    minLength: 1,
    maxLength: 20,
  });
  const property = fc.asyncProperty(cuts, reads, fc.boolean(), async (lengths, readers, crowded) => {
    const body = noise(1_800_000, lengths.length);
    const target = spool(options({ budget: { limitBytes: crowded ? 1000 : 10_000_000, usedBytes: 0 } }));
    const reading = readers.map(async ({ offset, pauses }) => {
      const from = Math.floor((body.length * offset) / 100);
      const cursor = target.attach(from);
      const pieces: Uint8Array[] = [];
      for (let turn = 0; ; turn++) {
        const piece = await target.read(cursor);
        if (!piece) break;
        // Has it in hand for a while.
        for (let left = pauses[turn % pauses.length] ?? 0; left > 0; left--) await Bun.sleep(0);
        pieces.push(piece.slice());
        target.advance(cursor, piece.length);
      }
      target.detach(cursor);
      expect(Buffer.concat(pieces).equals(body.subarray(from))).toBe(true);
    });
    for (let at = 0, turn = 0; at < body.length; ) {
      const read = body.slice(at, at + 300_000);
      noteReceived(read);
      for (let cut = 0; cut < read.length; turn++) {
        const piece = read.subarray(cut, cut + (lengths[turn % lengths.length] ?? 1) * 10);
        cut += piece.length;
        await target.append(piece);
      }
      at += 300_000;
    }
    const whole = await target.finish();
    await Promise.all(reading);
    if (whole && 'file' in whole) expect(await whole.file.commit(async () => {})).toBe(sha256Of(body));
    await target.dispose(whole !== null);
  });
  await fc.assert(property, { numRuns: 12 });
  expect(openFiles(folder)).toBe(0);
});
