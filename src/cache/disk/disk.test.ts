import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Entry } from '../../entry.ts';
import type { CacheKey } from '../../resource.ts';
import { type Disk, type DiskOptions, openDisk } from './disk.ts';

let folder: string;
let open: Disk[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'disk-'));
  open = [];
});
afterEach(async () => {
  for (const disk of open) await disk.close();
  await rm(folder, { recursive: true, force: true });
});

let nowMs = 1_000_000;
let due: { atMs: number; task: () => void }[] = [];
const clock: Clock = {
  now: () => nowMs,
  elapsed: () => nowMs,
  after(delayMs, task) {
    const timer = { atMs: nowMs + delayMs, task };
    due.push(timer);
    return () => {
      due = due.filter((other) => other !== timer);
    };
  },
};

async function disk(changes: Partial<DiskOptions> = {}): Promise<Disk> {
  const opened = await openDisk({
    folder,
    bytes: 10_000,
    objectBytes: 5_000,
    clock,
    warn: () => {},
    ...changes,
  });
  open.push(opened);
  return opened;
}

const none = new Headers();

function sha256(body: string): string {
  return new Bun.CryptoHasher('sha256').update(body).digest('hex');
}

function entry(key: string, body: string, selecting: [string, string][] = []): Entry {
  return {
    key: key as CacheKey,
    status: 200,
    fields: [['content-type', 'text/plain']],
    selecting,
    tags: [],
    freshness: {
      receivedMs: nowMs,
      initialAgeS: 0,
      lifetimeS: 60,
      staleWhileRevalidateS: 0,
      staleIfErrorS: 0,
      alwaysRevalidate: false,
      neverStale: false,
    },
    etag: null,
    lastModifiedMs: null,
    sourceEtag: null,
    sizeBytes: body.length,
    sha256: sha256(body),
  };
}

async function read(from: Disk, key: string, headers = none): Promise<string | null> {
  const found = from.find(key as CacheKey, headers);
  const body = found && (await from.body(found));
  return body ? body.text() : null;
}

async function objectNames(): Promise<string[]> {
  const all = await readdir(join(folder, 'objects'), { recursive: true });
  return all.filter((name) => name.includes('/'));
}

test('what was put is found, also by the next process', async () => {
  const first = await disk();
  await first.put(entry('a', 'hello'), Buffer.from('hello'));
  expect(await read(first, 'a')).toBe('hello');
  await first.close();
  expect(await read(await disk(), 'a')).toBe('hello');
});

test('the same bytes under two keys are one file', async () => {
  const tier = await disk();
  await tier.put(entry('a', 'same'), Buffer.from('same'));
  await tier.put(entry('b', 'same'), Buffer.from('same'));
  expect(await objectNames()).toHaveLength(1);
  expect(tier.stats).toMatchObject({ entries: 2, bytes: 4 });
});

test('variants are told apart by the fields that selected them', async () => {
  const tier = await disk();
  await tier.put(entry('a', 'english', [['accept-language', 'en']]), Buffer.from('english'));
  await tier.put(entry('a', 'deutsch', [['accept-language', 'de']]), Buffer.from('deutsch'));
  expect(await read(tier, 'a', new Headers({ 'accept-language': 'de' }))).toBe('deutsch');
  expect(await read(tier, 'a', new Headers({ 'accept-language': 'fr' }))).toBeNull();
});

test('a bit that flipped while nobody looked is found before it is served', async () => {
  const first = await disk();
  await first.put(entry('a', 'hello'), Buffer.from('hello'));
  await first.close();
  await writeFile(join(folder, 'objects', sha256('hello').slice(0, 2), sha256('hello')), 'hellp');
  const second = await disk();
  expect(await read(second, 'a')).toBeNull();
  expect(second.stats.corrupt).toBe(1);
  expect(second.find('a' as CacheKey, none)).toBeNull();
});

test('a file that is gone or cut is a miss, not an error', async () => {
  const tier = await disk();
  await tier.put(entry('a', 'hello'), Buffer.from('hello'));
  await writeFile(join(folder, 'objects', sha256('hello').slice(0, 2), sha256('hello')), 'hel');
  expect(await read(tier, 'a')).toBeNull();
  expect(tier.stats.state).toBe('ready');
});

test('drops what was used least recently when it is full', async () => {
  const tier = await disk({ bytes: 1000 });
  for (const key of ['a', 'b', 'c']) {
    await tier.put(entry(key, key.repeat(300)), Buffer.from(key.repeat(300)));
    nowMs += 1000;
  }
  tier.find('a' as CacheKey, none);
  nowMs += 1000;
  await tier.put(entry('d', 'd'.repeat(300)), Buffer.from('d'.repeat(300)));
  expect(tier.stats.bytes).toBeLessThanOrEqual(1000);
  expect(await read(tier, 'a')).not.toBeNull();
  expect(await read(tier, 'b')).toBeNull();
});

test('the file of a dropped entry goes after a while, unless it is wanted again', async () => {
  const tier = await disk();
  await tier.put(entry('a', 'one'), Buffer.from('one'));
  await tier.put(entry('b', 'two'), Buffer.from('two'));
  tier.drop('a' as CacheKey);
  tier.drop('b' as CacheKey);
  await tier.put(entry('b', 'two'), Buffer.from('two'));
  expect(await objectNames()).toHaveLength(2);
  nowMs += 60_000;
  for (const { task, atMs } of due) if (atMs <= nowMs) task();
  for (let tries = 0; tries < 100 && (await objectNames()).length > 1; tries++) await Bun.sleep(1);
  expect(await objectNames()).toEqual([`${sha256('two').slice(0, 2)}/${sha256('two')}`]);
  expect(await read(tier, 'b')).toBe('two');
});

test('what an earlier process left unfinished is swept away', async () => {
  const first = await disk();
  await first.put(entry('a', 'kept'), Buffer.from('kept'));
  await first.close();
  await writeFile(join(folder, 'tmp', '1-dead-0'), 'half');
  await writeFile(join(folder, 'objects', sha256('kept').slice(0, 2), 'f'.repeat(64)), 'unknown');
  const second = await disk();
  await second.close();
  expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  expect(await objectNames()).toHaveLength(1);
});

test('steps aside when the disk fails, and comes back', async () => {
  const tier = await disk();
  tier.failed(new Error('input/output error'));
  expect(tier.stats.state).toBe('suspended');
  await tier.put(entry('a', 'hello'), Buffer.from('hello'));
  expect(tier.find('a' as CacheKey, none)).toBeNull();
  nowMs += 60_000;
  await tier.put(entry('a', 'hello'), Buffer.from('hello'));
  expect(await read(tier, 'a')).toBe('hello');
});

test('a replaced entry takes its old body with it', async () => {
  const tier = await disk();
  await tier.put(entry('a', 'old'), Buffer.from('old'));
  await tier.put(entry('a', 'new!'), Buffer.from('new!'));
  expect(await read(tier, 'a')).toBe('new!');
  expect(tier.stats).toMatchObject({ entries: 1, bytes: 4 });
});
