import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { virtualClock } from '../../../test/support/clock.ts';
import { eventually } from '../../../test/support/wait.ts';
import type { Entry } from '../../entry.ts';
import type { CacheKey } from '../../resource.ts';
import { type Disk, type DiskOptions, openDisk } from './disk.ts';
import { entryBytes } from './index.ts';

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

const clock = virtualClock();

async function disk(changes: Partial<DiskOptions> = {}): Promise<Disk> {
  const opened = await openDisk({
    folder,
    bytes: 1_000_000,
    objectBytes: 500_000,
    clock,
    warn: () => {},
    ...changes,
  });
  open.push(opened);
  return opened;
}

const none = new Headers();
const always = () => true;

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
      receivedMs: clock.now(),
      initialAgeS: 0,
      lifetimeS: 60,
      staleWhileRevalidateS: 0,
      staleIfErrorS: 0,
      staleIfDisconnectedS: 0,
      immutable: false,
      alwaysRevalidate: false,
      neverStale: false,
    },
    etag: null,
    lastModifiedMs: null,
    sourceEtag: null,
    asOf: 0,
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
  await first.put(() => entry('a', 'hello'), Buffer.from('hello'), always);
  expect(await read(first, 'a')).toBe('hello');
  await first.close();
  expect(await read(await disk(), 'a')).toBe('hello');
});

test('the same bytes under two keys are one file', async () => {
  const tier = await disk();
  await tier.put(() => entry('a', 'same'), Buffer.from('same'), always);
  await tier.put(() => entry('b', 'same'), Buffer.from('same'), always);
  expect(await objectNames()).toHaveLength(1);
  expect(tier.stats).toMatchObject({ entries: 2, bytes: 4 + 2 * entryBytes });
});

test('variants are told apart by the fields that selected them', async () => {
  const tier = await disk();
  await tier.put(() => entry('a', 'english', [['accept-language', 'en']]), Buffer.from('english'), always);
  await tier.put(() => entry('a', 'deutsch', [['accept-language', 'de']]), Buffer.from('deutsch'), always);
  expect(await read(tier, 'a', new Headers({ 'accept-language': 'de' }))).toBe('deutsch');
  expect(await read(tier, 'a', new Headers({ 'accept-language': 'fr' }))).toBeNull();
});

test('a bit that flipped while nobody looked is found before it is served', async () => {
  const first = await disk();
  await first.put(() => entry('a', 'hello'), Buffer.from('hello'), always);
  await first.close();
  await writeFile(join(folder, 'objects', sha256('hello').slice(0, 2), sha256('hello')), 'hellp');
  const second = await disk();
  expect(await read(second, 'a')).toBeNull();
  expect(second.stats.corrupt).toBe(1);
  expect(second.find('a' as CacheKey, none)).toBeNull();
});

test('a file that is gone or cut is a miss, not an error', async () => {
  const tier = await disk();
  await tier.put(() => entry('a', 'hello'), Buffer.from('hello'), always);
  await writeFile(join(folder, 'objects', sha256('hello').slice(0, 2), sha256('hello')), 'hel');
  expect(await read(tier, 'a')).toBeNull();
  expect(tier.stats.state).toBe('ready');
});

test('drops what was used least recently when it is full', async () => {
  const tier = await disk({ bytes: 3 * (3000 + entryBytes) });
  for (const key of ['a', 'b', 'c']) {
    await tier.put(() => entry(key, key.repeat(3000)), Buffer.from(key.repeat(3000)), always);
    clock.advance(1000);
  }
  tier.find('a' as CacheKey, none);
  clock.advance(1000);
  await tier.put(() => entry('d', 'd'.repeat(3000)), Buffer.from('d'.repeat(3000)), always);
  expect(tier.stats.bytes).toBeLessThanOrEqual(3 * (3000 + entryBytes));
  expect(await read(tier, 'a')).not.toBeNull();
  expect(await read(tier, 'b')).toBeNull();
});

test('the file of a dropped entry goes after a while, unless it is wanted again', async () => {
  const tier = await disk();
  await tier.put(() => entry('a', 'one'), Buffer.from('one'), always);
  await tier.put(() => entry('b', 'two'), Buffer.from('two'), always);
  for (const key of ['a', 'b']) {
    tier.purge(tier.ledger.add({ selector: { by: 'key', key }, soft: false }, clock.now()), false);
  }
  const again = { ...entry('b', 'two'), asOf: tier.ledger.sequence };
  await tier.put(() => again, Buffer.from('two'), always);
  expect(await objectNames()).toHaveLength(2);
  clock.advance(60_000);
  await eventually('the file to go', async () => (await objectNames()).length === 1, { everyMs: 1 });
  expect(await objectNames()).toEqual([`${sha256('two').slice(0, 2)}/${sha256('two')}`]);
  expect(await read(tier, 'b')).toBe('two');
});

test('what an earlier process left unfinished is swept away', async () => {
  const first = await disk();
  await first.put(() => entry('a', 'kept'), Buffer.from('kept'), always);
  await first.close();
  await writeFile(join(folder, 'tmp', '1-dead-0'), 'half');
  const shelf = join(folder, 'objects', sha256('kept').slice(0, 2));
  await writeFile(join(shelf, sha256('kept').slice(0, 2).padEnd(64, '0')), 'unknown');
  await writeFile(join(shelf, 'stray'), 'stray');
  await disk();
  await eventually(
    'the unfinished file to go',
    async () => (await readdir(join(folder, 'tmp'))).length === 0,
  );
  await eventually('the unknown files to go', async () => (await objectNames()).length === 1, { everyMs: 1 });
});

test('no two processes use the same folder, and one that was killed holds up nobody', async () => {
  const first = await disk();
  await expect(disk()).rejects.toThrow(
    /another process uses the cache folder of .*: stop it, or give this node/,
  );
  await first.close();
  const script = `
    const { openDatabase } = await import(${JSON.stringify(join(import.meta.dir, 'database.ts'))});
    const open = await openDatabase(${JSON.stringify(join(folder, 'index.db'))});
    console.log('open');
    setInterval(() => open.filename, 1000);
  `;
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' });
  await child.stdout.getReader().read();
  await expect(disk()).rejects.toThrow('another process');
  child.kill('SIGKILL');
  await child.exited;
  expect((await disk()).stats.entries).toBe(0);
}, 20_000);

test('steps aside when the disk fails, and comes back', async () => {
  const tier = await disk();
  tier.failed(new Error('input/output error'));
  expect(tier.stats.state).toBe('suspended');
  await tier.put(() => entry('a', 'hello'), Buffer.from('hello'), always);
  expect(tier.find('a' as CacheKey, none)).toBeNull();
  clock.advance(60_000);
  await tier.put(() => entry('a', 'hello'), Buffer.from('hello'), always);
  expect(await read(tier, 'a')).toBe('hello');
});

test('a replaced entry takes its old body with it', async () => {
  const tier = await disk();
  await tier.put(() => entry('a', 'old'), Buffer.from('old'), always);
  await tier.put(() => entry('a', 'new!'), Buffer.from('new!'), always);
  expect(await read(tier, 'a')).toBe('new!');
  expect(tier.stats).toMatchObject({ entries: 1, bytes: 4 + entryBytes });
});
