import { afterEach, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporary, virtualClock } from '../../../test/support/index.ts';
import { systemClock } from '../../clock.ts';
import { alice, openHome, publicationOf, tarballOf } from '../../protocols/npm/hosted/home.contract.ts';
import { type BlobStore, blobReferenceKey, condemnedBlobKey, type Sha256, type Stores } from '../../store.ts';
import { openFiles } from '../blobs/files.ts';
import { openSqlite } from '../metadata/sqlite.ts';
import { type Collected, type CollectOptions, collect } from './collect.ts';
import { collectBlob, finishLeft, takeOverMs } from './condemn.ts';
import { takeLease } from './lease.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

type Both = Pick<Stores, 'blobs' | 'metadata'>;

async function openStores(clock = systemClock): Promise<Both> {
  const folder = temporary('collection');
  const blobs = await openFiles({ path: join(folder.path, 'blobs'), clock });
  const metadata = await openSqlite({ path: join(folder.path, 'metadata.db'), clock });
  closing.push(async () => {
    await blobs.close();
    await metadata.close();
    folder[Symbol.dispose]();
  });
  return { blobs, metadata };
}

const day = 24 * 3600_000;
const bytesOf = (text: string) => new TextEncoder().encode(text);
const write = async ({ blobs }: Both, text: string) => (await blobs.write(bytesOf(text))).sha256;
const hold = ({ metadata }: Both, sha256: Sha256, ...holder: string[]) =>
  metadata.transact((transaction) =>
    transaction.put(blobReferenceKey(sha256, holder), { sinceMs: Date.now() }),
  );
const isThere = async ({ blobs }: Both, sha256: Sha256) => (await blobs.stat(sha256)) !== null;

/** Tomorrow, unless said: what was written by now is older than the grace. */
function run(stores: Both, more: Partial<CollectOptions> = {}): Promise<Collected> {
  return collect({
    ...{ stores, by: 'origin', graceMs: day, dryRun: false, progress: () => {} },
    clock: virtualClock(Date.now() + day + 60_000),
    signal: new AbortController().signal,
    ...more,
  });
}

describe('a collection', () => {
  test('lets go first, while no other origin may, and then collects what that has freed', async () => {
    const stores = await openStores();
    const freed = await write(stores, 'freed');
    await hold(stores, freed, 'oci', 'a');
    let met: unknown = null;
    const first: CollectOptions['first'] = async (renew) => {
      met = await takeLease(stores.metadata, systemClock, { by: 'other', run: 'x' }).catch((error) => error);
      await renew();
      await stores.metadata.transact((transaction) =>
        transaction.delete(blobReferenceKey(freed, ['oci', 'a'])),
      );
    };
    expect(await run(stores, { dryRun: true, first })).toMatchObject({ deleted: 0 });
    expect(met).toBeNull();
    expect(await run(stores, { first })).toMatchObject({ deleted: 1 });
    expect(met).toMatchObject({ code: 'conflict' });
  });

  test('deletes what nothing refers to, and says how much that was', async () => {
    const stores = await openStores();
    const [needed, litter] = [await write(stores, 'needed'), await write(stores, 'litter')];
    await hold(stores, needed, 'npm', 'npm', 'a', '1.0.0');
    expect(await run(stores, { dryRun: true })).toMatchObject({ blobs: 2, deleted: 1, deletedBytes: 6 });
    expect(await isThere(stores, litter)).toBe(true);
    expect(await run(stores)).toEqual({
      ...{ blobs: 2, bytes: 12, kept: 1, unreferenced: 0, unreferencedBytes: 0 },
      ...{ deleted: 1, deletedBytes: 6 },
    });
    expect([await isThere(stores, needed), await isThere(stores, litter)]).toEqual([true, false]);
    expect(await stores.metadata.get(condemnedBlobKey(litter))).toBeNull();
  });

  test('leaves what was written within the grace', async () => {
    const stores = await openStores();
    const young = await write(stores, 'young');
    expect(await run(stores, { clock: systemClock })).toMatchObject({ kept: 1, deleted: 0 });
    expect(await isThere(stores, young)).toBe(true);
  });

  test('leaves what somebody is about to refer to, but not for ever', async () => {
    const stores = await openStores();
    const pinned = await write(stores, 'pinned');
    await hold(stores, pinned, 'pin', 'a publisher');
    const soon = { clock: virtualClock(Date.now() + 3600_000), graceMs: 60_000 };
    expect(await run(stores, soon)).toMatchObject({ deleted: 0 });
    expect(await run(stores)).toMatchObject({ deleted: 1 });
    expect(await stores.metadata.scan(['blob', pinned])).toEqual([]);
  });

  test('goes through a store of several pages', async () => {
    const stores = await openStores();
    for (let nth = 0; nth < 1_100; nth++) {
      const sha256 = await write(stores, `blob ${nth}`);
      if (nth % 2 === 0) await hold(stores, sha256, 'npm', String(nth));
    }
    expect(await run(stores)).toMatchObject({ blobs: 1_100, kept: 550, deleted: 550 });
  }, 30_000);

  test('is for one origin at a time, and goes on after a crash of the one that had begun', async () => {
    const stores = await openStores();
    await write(stores, 'litter');
    const clock = virtualClock(Date.now() + 2 * day);
    await takeLease(stores.metadata, clock, { by: 'other', run: 'its' });
    await expect(run(stores, { clock })).rejects.toThrow('the origin other is collecting');
    clock.advance(6 * 60_000);
    expect(await run(stores, { clock })).toMatchObject({ deleted: 1 });
    await takeLease(stores.metadata, clock, { by: 'origin', run: 'an earlier life' });
    expect(await run(stores, { clock })).toMatchObject({ deleted: 0 });
  });

  test('that was killed is finished by another, once the killed one must have given up', async () => {
    const stores = await openStores();
    const [first, second] = [await write(stores, 'condemned'), await write(stores, 'deleted, too')];
    const clock = virtualClock(Date.now() + 2 * day);
    for (const sha256 of [first, second]) await condemnedBy(stores, sha256, clock.now());
    await stores.blobs.delete(second);
    const options = { stores, clock, writtenBeforeMs: clock.now() - day };
    expect(await finishLeft(options)).toBe(0);
    clock.advance(takeOverMs);
    expect(await finishLeft(options)).toBe(2);
    expect(await isThere(stores, first)).toBe(false);
    expect(await stores.metadata.scan(['condemned-blob'])).toEqual([]);
  });

  test('that stalls after it has condemned a blob does not delete it any more', async () => {
    const stores = await openStores();
    const sha256 = await write(stores, 'stalled');
    const clock = virtualClock(Date.now() + 2 * day);
    const slow: BlobStore = {
      ...stores.blobs,
      async stat(name) {
        clock.advance(30_000);
        return stores.blobs.stat(name);
      },
    };
    const [blob] = await stores.blobs.list(null, 1);
    const late = { stores: { ...stores, blobs: slow }, clock, writtenBeforeMs: clock.now() };
    expect(blob && (await collectBlob(blob, late))).toBe('left');
    expect(await isThere(stores, sha256)).toBe(true);
    expect(await stores.metadata.get(condemnedBlobKey(sha256))).toBeNull();
  });
});

function condemnedBy({ metadata }: Both, sha256: Sha256, sinceMs: number) {
  return metadata.transact((transaction) => transaction.put(condemnedBlobKey(sha256), { sinceMs }));
}

describe('while others publish', () => {
  /** Every blob counts as old: the worst that a collection can do. */
  const ruthless = { clock: systemClock, graceMs: -day } as const;

  test('nothing that was acknowledged is lost, though the grace is nothing at all', async () => {
    const home = await openHome();
    let publishing = true;
    let deleted = 0;
    const acknowledged: string[] = [];

    async function publisher(name: string): Promise<void> {
      // When the two meet depends on the machine.
      for (let nth = 0; nth < 40 || (deleted === 0 && nth < 400); nth++) {
        const version = `1.0.${nth}`;
        // The same bytes as litter, so that they are condemned while they are published.
        const litter = tarballOf(name, version);
        await home.stores.blobs.write(litter);
        await Bun.sleep((nth % 10) * 5);
        const { status } = await home.as(alice, 'PUT', `/${name}`, publicationOf(name, version));
        expect(status).toBe(201);
        acknowledged.push(`/${name}/-/${name.slice(6)}-${version}.tgz`);
      }
    }
    async function collector(): Promise<void> {
      // Two origins, each with a lease of its own, would be worse than what can happen; one is what does.
      while (publishing) deleted += (await run(home.stores, ruthless)).deleted;
    }

    const collecting = collector();
    await Promise.all(['@acme/a', '@acme/b', '@acme/c'].map(publisher));
    publishing = false;
    await collecting;
    expect(acknowledged.length).toBeGreaterThanOrEqual(120);
    for (const target of acknowledged)
      expect([target, (await home.as(alice, 'GET', target)).status]).toEqual([target, 200]);
    expect(deleted, 'the collection has met no publication').toBeGreaterThan(0);
  }, 60_000);

  test('the same few blobs are written, held, let go and collected by many at once, and what is held is there', async () => {
    const stores = await openStores();
    const { blobs, metadata } = stores;
    let over = 0;
    let held = 0;

    async function holder(name: string): Promise<void> {
      // How often a blob is collected before it is held depends on the machine, so each goes on until it has held enough.
      for (let nth = 0, own = 0; nth < 5_000 && own < 8; nth++) {
        const sha256 = await write(stores, `shared ${(nth * 7 + name.length) % 5}`);
        const pin = blobReferenceKey(sha256, ['pin', `${name} ${nth}`]);
        const isPinned = await metadata.transact(async (transaction) => {
          if ((await transaction.get(condemnedBlobKey(sha256))) !== null) return false;
          await transaction.put(pin, { sinceMs: Date.now() });
          return true;
        });
        if (!isPinned) continue;
        const isWhole = (await blobs.stat(sha256)) !== null;
        const reference = blobReferenceKey(sha256, ['test', name]);
        await metadata.transact(async (transaction) => {
          if (isWhole) await transaction.put(reference, { sinceMs: Date.now() });
          await transaction.delete(pin);
        });
        if (!isWhole) continue;
        held++;
        own++;
        await Bun.sleep(0);
        expect(await isThere(stores, sha256)).toBe(true);
        await metadata.transact((transaction) => transaction.delete(reference));
      }
      over++;
    }
    async function collector(): Promise<number> {
      let deleted = 0;
      while (over < 6) {
        const writtenBeforeMs = Date.now() + day;
        // Without the lease, so that several are at it at the same time.
        for (const blob of await blobs.list(null, 100)) {
          const outcome = await collectBlob(blob, { stores, clock: systemClock, writtenBeforeMs });
          if (outcome === 'deleted') deleted++;
        }
        await Bun.sleep(0);
      }
      return deleted;
    }
    const collectors = [collector(), collector()];
    await Promise.all(['a', 'bb', 'ccc', 'dddd', 'eeeee', 'ffffff'].map(holder));
    const deleted = (await Promise.all(collectors)).reduce((sum, each) => sum + each, 0);
    expect(held).toBe(48);
    expect(deleted).toBeGreaterThan(0);
  }, 60_000);
});
