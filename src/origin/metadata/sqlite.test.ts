import { Database } from 'bun:sqlite';
import { afterAll, describe, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporary } from '../../../test/support/index.ts';
import { available } from '../../../test/support/needs.ts';
import { systemClock } from '../../clock.ts';
import { failure, metadataContract } from './metadata.contract.ts';
import { openSqlite } from './sqlite.ts';

const clock = systemClock;

metadataContract('SQLite', async () => {
  const folder = temporary('sqlite');
  const path = join(folder.path, 'data', 'metadata.db');
  return {
    open: () => openSqlite({ path, clock }),
    place: ['sqlite', path],
    stop: async () => folder[Symbol.dispose](),
  };
});

test('many can open a new file at once: it is laid out once', async () => {
  using folder = temporary('sqlite');
  const path = join(folder.path, 'metadata.db');
  const stores = await Promise.all(Array.from({ length: 4 }, () => openSqlite({ path, clock })));
  await Promise.all(stores.map((store, number) => store.transact((t) => t.put(['n', `${number}`], number))));
  expect(await stores[0]?.scan(['n'])).toHaveLength(4);
  for (const store of stores) await store.close();
});

test('a file of a newer Meridian is refused, and left as it is', async () => {
  using folder = temporary('sqlite');
  const path = join(folder.path, 'metadata.db');
  await (await openSqlite({ path, clock })).close();
  const db = new Database(path);
  db.exec('PRAGMA user_version = 99');
  db.close();
  const opening = openSqlite({ path, clock });
  expect(await opening.catch((error) => error.message)).toContain('made by a newer one');
});

test('a file that is no database is refused, and not replaced', async () => {
  using folder = temporary('sqlite');
  const path = join(folder.path, 'metadata.db');
  writeFileSync(path, 'somebody’s letters, not ours'.repeat(100));
  expect(await failure(openSqlite({ path, clock }))).toBe('store-unavailable');
  expect(await Bun.file(path).text()).toStartWith('somebody’s letters');
});

const small = temporary('small');
const mounted = await Bun.$`mount -t tmpfs -o size=2m tmpfs ${small.path}`.nothrow().quiet();
const problem = mounted.exitCode === 0 ? null : mounted.stderr.toString().trim();

afterAll(async () => {
  if (problem === null) await Bun.$`umount ${small.path}`.quiet();
  small[Symbol.dispose]();
});

describe.skipIf(!available('small file systems', problem))('a disk that is full', () => {
  test('is said to be full; what was acknowledged stays, and it goes on when there is room', async () => {
    const store = await openSqlite({ path: join(small.path, 'metadata.db'), clock });
    const put = (number: number) => store.transact((t) => t.put(['n', `${number}`], 'x'.repeat(100_000)));
    const acknowledged: number[] = [];
    let outcome: unknown;
    for (let number = 100; outcome === undefined || typeof outcome === 'number'; number++) {
      outcome = await failure(put(number).then(() => acknowledged.push(number)));
    }
    expect(outcome).toBe('store-full');
    expect((await store.scan(['n'])).map(({ key }) => Number(key[1]))).toEqual(acknowledged);

    await Bun.$`mount -o remount,size=8m ${small.path}`.quiet();
    await put(999);
    expect(await store.scan(['n'])).toHaveLength(acknowledged.length + 1);
    await store.close();
  });
});

test('what waits when the store is closed is still carried out; nothing is taken on afterwards', async () => {
  using folder = temporary('sqlite');
  const path = join(folder.path, 'metadata.db');
  const store = await openSqlite({ path, clock });
  const written = Promise.all([1, 2, 3].map((number) => store.transact((t) => t.put(['n', `${number}`], 1))));
  await store.close();
  await written;
  expect(await failure(store.transact(async () => 1))).toBe('store-unavailable');
  const again = await openSqlite({ path, clock });
  expect(await again.scan(['n'])).toHaveLength(3);
  await again.close();
});
