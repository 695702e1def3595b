import { Database } from 'bun:sqlite';
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { statSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { virtualClock } from '../../../test/support/clock.ts';
import { eventually } from '../../../test/support/wait.ts';
import type { Entry } from '../../entry.ts';
import type { CacheKey } from '../../resource.ts';
import { damageSmall } from './damage.contract.ts';
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
/** Longer than what is kept among the small bodies. */
const long = (text: string) => text.repeat(70_000);
const always = () => true;

function sha256(body: string | Uint8Array): string {
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

function put(into: Disk, key: string, body: string): Promise<boolean> {
  return into.put(() => entry(key, body), Buffer.from(body), always);
}

/** In a folder that is not in use. */
function changeSmall(sql: string): void {
  using db = new Database(join(folder, 'bodies.db'));
  db.exec(sql.replaceAll(/'([^']*)'/g, (_, text: string) => `x'${Buffer.from(text).toString('hex')}'`));
}

function smallPlaces(): number[] {
  using db = new Database(join(folder, 'bodies.db'));
  using places = db.prepare<{ place: number }, []>('SELECT place FROM bodies ORDER BY place');
  return places.all().map(({ place }) => place);
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

test.each([
  ['small', 's', 0, 1],
  ['long', long('l'), 1, 0],
])('the same %s bytes under two keys are there once', async (_, body, files, rows) => {
  const tier = await disk();
  await put(tier, 'a', body);
  await put(tier, 'b', body);
  expect(tier.stats).toMatchObject({ entries: 2, bytes: body.length + 2 * entryBytes });
  await tier.close();
  expect(await objectNames()).toHaveLength(files);
  expect(smallPlaces()).toHaveLength(rows);
  const again = await disk();
  again.purge([again.ledger.add({ selector: { by: 'key', key: 'a' }, soft: false }, clock.now())], false);
  expect(await read(again, 'b')).toBe(body);
});

test('variants are told apart by the fields that selected them', async () => {
  const tier = await disk();
  await tier.put(() => entry('a', 'english', [['accept-language', 'en']]), Buffer.from('english'), always);
  await tier.put(() => entry('a', 'deutsch', [['accept-language', 'de']]), Buffer.from('deutsch'), always);
  expect(await read(tier, 'a', new Headers({ 'accept-language': 'de' }))).toBe('deutsch');
  expect(await read(tier, 'a', new Headers({ 'accept-language': 'fr' }))).toBeNull();
});

test.each([
  ['small', 'hello'],
  ['long', long('h')],
])('a bit of a %s body that flipped while nobody looked is found before it is served', async (_, body) => {
  const first = await disk();
  await put(first, 'a', body);
  await first.close();
  damageSmall(folder);
  for (const path of await objectNames()) await writeFile(join(folder, 'objects', path), `i${body.slice(1)}`);
  const second = await disk();
  expect(await read(second, 'a')).toBeNull();
  expect(second.stats.corrupt).toBe(1);
  expect(second.find('a' as CacheKey, none)).toBeNull();
  await put(second, 'a', body);
  expect(await read(second, 'a')).toBe(body);
});

test('a file that is gone or cut is a miss, not an error', async () => {
  const tier = await disk();
  for (const key of ['a', 'b']) await put(tier, key, long(key));
  const [gone = '', cut = ''] = ['a', 'b'].map((key) => {
    const name = sha256(long(key));
    return join(folder, 'objects', name.slice(0, 2), name);
  });
  await rm(gone);
  await writeFile(cut, 'b');
  for (const key of ['a', 'b']) expect(await read(tier, key)).toBeNull();
  expect(tier.stats.state).toBe('ready');
});

test('a small body that a power cut has taken is a miss, and nothing to worry about', async () => {
  const first = await disk();
  for (const key of ['a', 'b']) await put(first, key, `body of ${key}`);
  await first.close();
  changeSmall('DELETE FROM bodies WHERE place = 1');
  const second = await disk();
  expect(await read(second, 'a')).toBeNull();
  expect(await read(second, 'b')).toBe('body of b');
  expect(second.stats).toMatchObject({ entries: 1, corrupt: 0, errors: 0 });
});

test('a small body that was written when the process was killed, and not yet noted, is cleared away', async () => {
  const first = await disk();
  await put(first, 'a', 'noted');
  await first.close();
  changeSmall("INSERT INTO bodies VALUES (2, 'not noted'), (7, 'nor this')");
  const second = await disk();
  expect(await read(second, 'a')).toBe('noted');
  await put(second, 'b', 'new');
  expect(await read(second, 'b')).toBe('new');
  await second.close();
  expect(smallPlaces()).toEqual([1, 2]);
});

test('small bodies that make no sense any more are begun anew', async () => {
  const first = await disk();
  await put(first, 'small', 'small');
  await put(first, 'long', long('l'));
  await first.close();
  await writeFile(join(folder, 'bodies.db'), 'nonsense'.repeat(5000));
  const second = await disk();
  expect(await read(second, 'small')).toBeNull();
  expect(await read(second, 'long')).toBe(long('l'));
  await put(second, 'small', 'small');
  expect(await read(second, 'small')).toBe('small');
});

test('small bodies found to be damaged in the midst are begun anew, and the disk steps aside for as long', async () => {
  const first = await disk();
  for (let n = 0; n < 100; n++) await put(first, `${n}`, `${n}`.padEnd(3000, '.'));
  await first.close();
  const bytes = await readFile(join(folder, 'bodies.db'));
  await writeFile(join(folder, 'bodies.db'), bytes.fill(0xff, 10 * 8192, 20 * 8192));
  const second = await disk();
  for (let n = 0; n < 100; n++) {
    const body = await read(second, `${n}`);
    if (body !== null) expect(body).toBe(`${n}`.padEnd(3000, '.'));
  }
  expect(second.stats).toMatchObject({ state: 'suspended', errors: 1 });
  await eventually('it to be in use again', async () => {
    clock.advance(60_000);
    return put(second, 'a', 'new');
  });
  expect(await read(second, 'a')).toBe('new');
});

test('what cannot be committed leaves nothing behind', async () => {
  const tier = await disk();
  await put(tier, 'a', 'kept');
  const unfit = { ...entry('b', 'lost'), freshness: { ...entry('b', 'lost').freshness, receivedMs: 0.5 } };
  expect(await tier.put(() => unfit, Buffer.from('lost'), always)).toBe(false);
  expect(tier.stats.errors).toBe(1);
  clock.advance(60_000);
  await put(tier, 'c', 'kept as well');
  expect(tier.stats.entries).toBe(2);
  await tier.close();
  expect(smallPlaces()).toEqual([1, 3]);
});

test('what small bodies no longer need is given back', async () => {
  const tier = await disk({ bytes: 100_000_000 });
  const bytes = Buffer.alloc(60_000);
  await Promise.all(
    Array.from({ length: 600 }, (_, n) => {
      const body = Buffer.from(bytes);
      body.writeUInt32LE(n);
      const described = { ...entry(`${n}`, ''), sizeBytes: body.length };
      return tier.put(() => ({ ...described, sha256: sha256(body) }), body, always);
    }),
  );
  const path = join(folder, 'bodies.db');
  const before = statSync(path).size;
  expect(before).toBeGreaterThan(30_000_000);
  tier.resize(1_000_000);
  await eventually('the file to be shorter', () => {
    clock.advance(5_000);
    return statSync(path).size < 25_000_000;
  });
  expect(tier.stats.bytes).toBeLessThanOrEqual(1_000_000);
});

test('an index of another version is dropped, with all there is', async () => {
  const first = await disk();
  await put(first, 'small', 'small');
  await put(first, 'long', long('l'));
  await first.close();
  using db = new Database(join(folder, 'index.db'));
  db.exec('PRAGMA user_version = 2');
  db.close();
  const second = await disk();
  expect(second.stats.entries).toBe(0);
  await eventually('the file to go', async () => (await objectNames()).length === 0, { everyMs: 1 });
  await put(second, 'small', 'anew');
  expect(await read(second, 'small')).toBe('anew');
});

test('a short body that has come as a file is kept among the small ones', async () => {
  const tier = await disk();
  const writer = await tier.create(null);
  if (!writer) throw new Error('no file');
  await writer.append([Buffer.from('hello')]);
  const kept = await tier.commit(writer, () => entry('a', 'hello'), always);
  await writer.close();
  expect([kept?.sha256, await objectNames()]).toEqual([sha256('hello'), []]);
  expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  expect(await read(tier, 'a')).toBe('hello');
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
  for (const key of ['a', 'b']) {
    await put(tier, key, long(key));
    tier.purge([tier.ledger.add({ selector: { by: 'key', key }, soft: false }, clock.now())], false);
  }
  const again = { ...entry('b', long('b')), asOf: tier.ledger.sequence };
  await tier.put(() => again, Buffer.from(long('b')), always);
  expect(await objectNames()).toHaveLength(2);
  clock.advance(60_000);
  await eventually('the file to go', async () => (await objectNames()).length === 1, { everyMs: 1 });
  const name = sha256(long('b'));
  expect(await objectNames()).toEqual([`${name.slice(0, 2)}/${name}`]);
  expect(await read(tier, 'b')).toBe(long('b'));
});

test('what an earlier process left unfinished is swept away', async () => {
  const first = await disk();
  await put(first, 'a', long('a'));
  await first.close();
  await writeFile(join(folder, 'tmp', '1-dead-0'), 'half');
  const name = sha256(long('a'));
  const shelf = join(folder, 'objects', name.slice(0, 2));
  await writeFile(join(shelf, name.slice(0, 2).padEnd(64, '0')), 'unknown');
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
