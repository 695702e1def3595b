import { expect, test } from 'bun:test';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { virtualClock } from '../../test/support/clock.ts';
import { temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';
import { MeridianError } from '../errors.ts';
import { answerOf, failureOf, maxAge, noise } from './answers.contract.ts';
import { damageSmall } from './disk/damage.contract.ts';
import type { Disk } from './disk/disk.ts';
import type { ObjectWriter } from './disk/writer.ts';
import { type World, world } from './world.contract.ts';

const large = noise(1_000_000);
/** More than may wait to be written. */
const huge = noise(6_000_000);

async function store(here: World, key = 'web /', body: Uint8Array | string = large): Promise<void> {
  here.parent = () => answerOf(body, { ...maxAge(60), etag: '"1"' });
  await (await here.get({ key })).bytes();
  await eventually('the fill', () => here.cache.stats.fills === 0, { everyMs: 1 });
}

async function onDisk(here: World, entries: number): Promise<void> {
  await eventually('the disk', () => here.cache.stats.disk?.entries === entries, { everyMs: 1 });
}

/** The files of whole bodies. */
function bodies(folder: string): string[] {
  return readdirSync(join(folder, 'objects'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('/'))
    .map((name) => join(folder, 'objects', name));
}

function instead(disk: Disk, changes: Partial<Disk>): Disk {
  return Object.create(disk, Object.getOwnPropertyDescriptors(changes)) as Disk;
}

/** A disk whose new files are changed. */
function onWriters(change: (writer: ObjectWriter) => void): (disk: Disk) => Disk {
  return (disk) =>
    instead(disk, {
      async create() {
        const writer = await disk.create(null);
        if (writer) change(writer);
        return writer;
      },
    });
}

/** A disk whose files fail from the `nth` write on. */
function failingFrom(nth: number): (disk: Disk) => Disk {
  let writes = 0;
  return onWriters((writer) => {
    const append = writer.append.bind(writer);
    writer.append = async (chunks) => {
      if (++writes >= nth) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      return append(chunks);
    };
  });
}

test('a large body goes to disk and is served from there', async () => {
  await using here = await world({ disk: true });
  await store(here);
  expect(here.cache.stats.memory.entries).toBe(0);
  const reply = await here.get();
  expect([reply.outcome, Buffer.from(await reply.bytes()).equals(large)]).toEqual(['hit-disk', true]);
  expect(here.asked).toHaveLength(1);
});

test('a large response is confirmed where it is', async () => {
  await using here = await world({ disk: true });
  await store(here);
  here.clock.advance(60_000);
  here.parent = () => answerOf(null, maxAge(600), 304);
  expect((await here.get()).outcome).toBe('revalidated');
  here.clock.advance(599_000);
  expect((await here.get()).outcome).toBe('hit-disk');
});

test('what memory had to let go is found on disk, and moves up again', async () => {
  await using here = await world({ disk: true, memoryBytes: 300_000 });
  for (let n = 0; n < 20; n++) await store(here, `web /${n}`, noise(30_000, n));
  await onDisk(here, 20);
  expect(here.cache.stats.memory.evicted).toBeGreaterThan(10);
  for (let n = 0; n < 20; n++) {
    const reply = await here.get({ key: `web /${n}` });
    expect(Buffer.from(await reply.bytes()).equals(noise(30_000, n))).toBe(true);
  }
  expect(here.asked).toHaveLength(20);
  expect((await here.get({ key: 'web /19' })).outcome).toBe('hit');
});

for (const nth of [1, 2]) {
  test(`a disk that fails at write ${nth} costs the copy, not the readers`, async () => {
    await using here = await world({ disk: true, through: failingFrom(nth) });
    const replies = [here.get(), here.get(), here.get()];
    const pieces = (await here.nextAsk()).stream({ ...maxAge(60), 'content-length': String(huge.length) });
    const reading = replies.map(async (reply) => (await reply).bytes());
    for (let at = 0; at < huge.length; at += 100_000) await pieces.push(huge.slice(at, at + 100_000));
    await pieces.end();
    for (const bytes of await Promise.all(reading)) expect(Buffer.from(bytes).equals(huge)).toBe(true);
    expect(here.cache.stats.disk).toMatchObject({ entries: 0, state: 'suspended', errors: 1 });
    // Meanwhile the cache goes on without it.
    await store(here, 'web /small', 'small');
    expect((await here.get({ key: 'web /small' })).outcome).toBe('hit');
  });
}

test('a file that cannot be made durable costs the copy, not the readers', async () => {
  await using here = await world({
    disk: true,
    through: onWriters((writer) => {
      writer.commit = async () => {
        throw Object.assign(new Error('input/output error'), { code: 'EIO' });
      };
    }),
  });
  here.parent = () => answerOf(large, maxAge(60));
  expect(Buffer.from(await (await here.get()).bytes()).equals(large)).toBe(true);
  await eventually('the fill', () => here.cache.stats.fills === 0, { everyMs: 1 });
  expect(here.cache.stats.disk).toMatchObject({ entries: 0, state: 'suspended' });
});

test('a file that cannot be read back costs the reader who is behind, not the others', async () => {
  await using here = await world({
    disk: true,
    through: onWriters((writer) => {
      writer.read = async () => {
        throw Object.assign(new Error('input/output error'), { code: 'EIO' });
      };
    }),
  });
  const body = noise(4_000_000);
  const [first, second] = [here.get(), here.get()];
  const pieces = (await here.nextAsk()).stream(maxAge(60));
  const keepsUp = (await first).bytes();
  for (let at = 0; at < 200_000; at += 100_000) await pieces.push(body.slice(at, at + 100_000));
  const behind = await second;
  for (let at = 200_000; at < body.length; at += 100_000) await pieces.push(body.slice(at, at + 100_000));
  const isWritten = () => here.cache.stats.passingBytes < 1_300_000;
  await eventually('all but the newest stretch to be in the file alone', isWritten, { everyMs: 1 });
  const failure = failureOf(behind.bytes());
  await pieces.end();
  await failure;
  expect(Buffer.from(await keepsUp).equals(body)).toBe(true);
});

test('a disk that is out of files costs the copy, not the readers', async () => {
  await using here = await world({
    disk: true,
    through: (disk) => instead(disk, { create: async () => null }),
  });
  here.parent = () => answerOf(large, maxAge(60));
  expect(Buffer.from(await (await here.get()).bytes()).equals(large)).toBe(true);
});

test('a body damaged on disk is fetched again, not served', async () => {
  const [folder, clock] = [temporary('cache'), virtualClock()];
  for (const size of [1000, 100_000, 1_000_000]) {
    const key = `web /${size}`;
    {
      await using here = await world({ disk: true, folder, clock });
      await store(here, key, noise(size, size));
    }
    damageSmall(folder.path);
    for (const path of bodies(folder.path)) {
      const bytes = new Uint8Array(await Bun.file(path).arrayBuffer());
      bytes[500] = (bytes[500] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    }
    await using here = await world({ disk: true, folder, clock });
    here.parent = () => answerOf(noise(size, size), maxAge(60));
    const reply = await here.get({ key });
    expect([reply.outcome, Buffer.from(await reply.bytes()).equals(noise(size, size))]).toEqual([
      'miss',
      true,
    ]);
    expect(here.cache.stats.disk?.corrupt).toBe(1);
    expect(here.cache.stats.disk?.state).toBe('ready');
  }
  folder[Symbol.dispose]();
});

test('a body that moves up to memory is checked each time', async () => {
  await using here = await world({ disk: true, memoryBytes: 800_000, memoryObjectBytes: 160_000 });
  const body = noise(100_000, 1);
  await store(here, 'web /a', body);
  await onDisk(here, 1);
  const [path] = bodies(here.folder?.path ?? '');
  for (let n = 0; n < 10; n++) await store(here, `web /${n}`, noise(100_000, 10 + n));
  expect((await here.get({ key: 'web /a' })).served.source.from).toBe('disk');
  writeFileSync(path ?? '', noise(100_000, 2));
  here.parent = () => answerOf(body, maxAge(60));
  const reply = await here.get({ key: 'web /a' });
  expect(Buffer.from(await reply.bytes()).equals(body)).toBe(true);
  expect(here.cache.stats.disk?.corrupt).toBe(1);
});

test('a body that is a file is sent as such once, and moves up when it is asked for again', async () => {
  await using here = await world({ disk: true, memoryBytes: 800_000, memoryObjectBytes: 160_000 });
  for (let n = 0; n < 10; n++) await store(here, `web /${n}`, noise(100_000, n));
  await onDisk(here, 10);
  const { evicted } = here.cache.stats.memory;
  const seen = async (key: string) => {
    const reply = await here.get({ key });
    expect(Buffer.from(await reply.bytes()).equals(noise(100_000, Number(key.slice(5))))).toBe(true);
    return `${reply.outcome} from ${reply.served.source.from}`;
  };
  expect(await seen('web /0')).toBe('hit-disk from disk');
  expect(here.cache.stats.memory.evicted).toBe(evicted);
  expect(await seen('web /0')).toBe('hit-disk from memory');
  expect(await seen('web /0')).toBe('hit from memory');
});

test('a file that somebody deleted is a miss', async () => {
  await using here = await world({ disk: true });
  await store(here);
  for (const path of bodies(here.folder?.path ?? '')) rmSync(path);
  await store(here);
  expect(here.asked).toHaveLength(2);
  expect((await here.get()).outcome).toBe('hit-disk');
});

test('many who ask for what is only on disk read it once', async () => {
  let reads = 0;
  await using here = await world({
    disk: true,
    memoryBytes: 700_000,
    memoryObjectBytes: 150_000,
    through: (disk) =>
      instead(disk, {
        bytes(kept) {
          reads++;
          return disk.bytes(kept);
        },
      }),
  });
  await store(here, 'web /a', noise(100_000));
  for (let n = 0; n < 10; n++) await store(here, `web /${n}`, noise(100_000, 10 + n));
  await onDisk(here, 11);
  reads = 0;
  const replies = await Promise.all(Array.from({ length: 100 }, () => here.get({ key: 'web /a' })));
  expect(new Set(replies.map((reply) => reply.outcome))).toEqual(new Set(['hit-disk']));
  expect(reads).toBe(1);
});

test('what moves up while it is being confirmed is confirmed there as well', async () => {
  const read = Promise.withResolvers<void>();
  await using here = await world({
    disk: true,
    memoryBytes: 700_000,
    memoryObjectBytes: 150_000,
    through: (disk) =>
      instead(disk, {
        async bytes(kept) {
          const bytes = await disk.bytes(kept);
          read.resolve();
          return bytes;
        },
      }),
  });
  await store(here, 'web /a', noise(100_000));
  for (let n = 0; n < 10; n++) await store(here, `web /${n}`, noise(100_000, 10 + n));
  await onDisk(here, 11);
  here.clock.advance(60_000);
  here.parent = null;
  const asked = here.asked.length;
  // As a file, the first time; the second one moves it up.
  const first = here.get({ key: 'web /a' });
  await eventually('a question', () => here.asked.length > asked, { everyMs: 1 });
  const second = here.get({ key: 'web /a' });
  await read.promise;
  await here.quiet();
  here.asked[asked]?.confirm(maxAge(60));
  expect((await first).outcome).toBe('revalidated');
  expect((await second).outcome).toBe('revalidated');
  expect((await here.get({ key: 'web /a' })).outcome).toBe('hit');
  expect(here.asked).toHaveLength(asked + 1);
});

/** Something stale on disk only, of which a first question is out, and that is being read to move up for a second request. */
async function readAgain(given: Promise<void>) {
  const read = Promise.withResolvers<void>();
  const here = await world({
    disk: true,
    memoryBytes: 700_000,
    memoryObjectBytes: 150_000,
    through: (disk) =>
      instead(disk, {
        async bytes(kept) {
          const bytes = await disk.bytes(kept);
          read.resolve();
          await given;
          return bytes;
        },
      }),
  });
  await store(here, 'web /a', noise(100_000));
  for (let n = 0; n < 10; n++) await store(here, `web /${n}`, noise(100_000, 10 + n));
  await onDisk(here, 11);
  here.clock.advance(60_000);
  here.parent = null;
  const before = here.asked.length;
  const first = here.get({ key: 'web /a' });
  await eventually('a question', () => here.asked.length > before, { everyMs: 1 });
  const second = here.get({ key: 'web /a' });
  await read.promise;
  return { here, first, second, before };
}

test('what is confirmed while it is being read moves up as it is known by then', async () => {
  const gate = Promise.withResolvers<void>();
  const { here: started, first, second, before } = await readAgain(gate.promise);
  await using here = started;
  here.asked[before]?.confirm(maxAge(60));
  expect((await first).outcome).toBe('revalidated');
  gate.resolve();
  expect((await second).outcome).toBe('hit-disk');
  expect((await here.get({ key: 'web /a' })).outcome).toBe('hit');
  expect(here.asked).toHaveLength(before + 1);
});

test('what the parent withdraws while it is being read does not move up', async () => {
  const gate = Promise.withResolvers<void>();
  const { here: started, first, second, before } = await readAgain(gate.promise);
  await using here = started;
  here.asked[before]?.confirm({ 'cache-control': 'private' });
  expect((await first).outcome).toBe('revalidated');
  gate.resolve();
  await eventually('a question', () => here.asked.length > before + 1, { everyMs: 1 });
  expect(here.asked[before + 1]?.ask.stored).toBeNull();
  here.asked[before + 1]?.fail(new MeridianError('upstream-unreachable', 'connection refused'));
  expect((await failureOf(second)).code).toBe('upstream-unreachable');
});

test('what the parent withdraws on its way to disk does not arrive there', async () => {
  const gate = Promise.withResolvers<void>();
  await using here = await world({
    disk: true,
    through: (disk) =>
      instead(disk, {
        async put(describe, bytes, wanted) {
          await gate.promise;
          return disk.put(describe, bytes, wanted);
        },
      }),
  });
  await store(here, 'web /', 'public');
  here.clock.advance(60_000);
  here.parent = () => answerOf(null, { 'cache-control': 'private' }, 304);
  expect(await (await here.get()).text()).toBe('public');
  gate.resolve();
  await store(here, 'web /b');
  await onDisk(here, 1);
  here.parent = () => Promise.reject(new MeridianError('upstream-unreachable', 'connection refused'));
  expect((await failureOf(here.get())).code).toBe('upstream-unreachable');
});

test('what is larger than the disk may keep is passed on', async () => {
  await using here = await world({ disk: true, objectBytes: 500_000 });
  here.parent = () => answerOf(large, maxAge(60));
  const announced = await here.get();
  expect(announced.served.forwarding?.detail).toBe('too-large');
  expect((await announced.bytes()).length).toBe(large.length);
  here.parent = null;
  await here.nextAsk();
  const asking = here.get({ key: 'web /unannounced' });
  const pieces = (await here.nextAsk()).stream(maxAge(60));
  const reading = (await asking).bytes();
  for (let at = 0; at < large.length; at += 100_000) await pieces.push(large.slice(at, at + 100_000));
  await pieces.end();
  expect(Buffer.from(await reading).equals(large)).toBe(true);
  expect(here.cache.stats.disk?.entries).toBe(0);
});

test('the disk stays within its bound, whatever is stored', async () => {
  const diskBytes = 3_000_000;
  await using here = await world({ disk: true, diskBytes });
  for (let n = 0; n < 40; n++) {
    await store(here, `web /${n}`, noise(n % 3 === 0 ? 300_000 : 500, n));
    expect(here.cache.stats.disk?.bytes).toBeLessThanOrEqual(diskBytes);
  }
  expect(here.cache.stats.disk?.entries).toBeGreaterThan(5);
});
