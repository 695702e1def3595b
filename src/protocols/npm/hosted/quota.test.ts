import { afterEach, describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporary } from '../../../../test/support/temporary.ts';
import { blobReferenceKey, condemnedBlobKey, type DocumentKey } from '../../../store.ts';
import { closeWorld } from '../world.contract.ts';
import type { HostedOptions, Quota } from './claims.ts';
import { alice, type Home, jobAt, openHome, publicationOf, published, tarballOf } from './home.contract.ts';

afterEach(closeWorld);

const hosted: HostedOptions = { scopes: ['@acme'], names: ['own'], others: false, access: 'public' };
const homeWithin = (quota: Quota) => openHome({ hosted: { ...hosted, quota } });
const sizeOf = (name: string, version: string) => tarballOf(name, version).byteLength;

const publish = (home: Home, name: string, version: string) =>
  home.as(alice, 'PUT', `/${name}`, publicationOf(name, version));

const weigh = async ({ origin, stores }: Home, name: string) =>
  origin.protocol.holdings?.weigh(stores.metadata, 'hosted', name);

async function totalsIn({ stores }: Home): Promise<number> {
  const found = await stores.metadata.scan(['usage-route']);
  return found.reduce((sum, { value }) => sum + (value as { bytes: number }).bytes, 0);
}

describe('a quota', () => {
  test('refuses the version that would pass it, and leaves nothing of it behind', async () => {
    const size = sizeOf('@acme/a', '1.0.0');
    const home = await homeWithin({ packageBytes: size + 10 });
    expect((await publish(home, '@acme/a', '1.0.0')).status).toBe(201);
    const refused = publish(home, '@acme/a', '1.0.1');
    await expect(refused).rejects.toMatchObject({ code: 'quota-exceeded', row: { status: 403 } });
    await expect(refused).rejects.toThrow('@acme/a takes');

    const document = JSON.parse((await home.as(alice, 'GET', '/@acme/a')).text);
    expect([Object.keys(document.versions), document['dist-tags']]).toEqual([['1.0.0'], { latest: '1.0.0' }]);
    expect(await totalsIn(home)).toBe(size);
    const held = await home.stores.metadata.scan(['blob']);
    expect(held.map(({ key }) => key.slice(3))).toEqual([['npm', 'npm', '@acme/a', '1.0.0']]);
  });

  test('has room again once a version is unpublished', async () => {
    const home = await homeWithin({ versions: 2 });
    for (const version of ['1.0.0', '1.1.0']) await published(home, 'own', version);
    await expect(publish(home, 'own', '1.2.0')).rejects.toThrow('own takes 2 versions of 2 versions');
    const { _rev, ...document } = JSON.parse((await home.as(alice, 'GET', '/own?write=true')).text);
    const { '1.1.0': _, ...versions } = document.versions;
    const edit = { ...document, versions, 'dist-tags': { latest: '1.0.0' } };
    expect((await home.as(alice, 'PUT', `/own/-rev/${_rev}`, edit)).status).toBe(200);
    await published(home, 'own', '1.2.0');
    expect(await weigh(home, 'own')).toMatchObject({ versions: 2 });
    expect(await totalsIn(home)).toBe(sizeOf('own', '1.0.0') + sizeOf('own', '1.2.0'));

    const now = JSON.parse((await home.as(alice, 'GET', '/own?write=true')).text);
    expect((await home.as(alice, 'DELETE', `/own/-rev/${now._rev}`)).status).toBe(200);
    expect(await totalsIn(home)).toBe(0);
  });

  test('lets one of two through that come at once and do not both fit', async () => {
    const home = await homeWithin({ bytes: sizeOf('@acme/a', '1.0.0') + 10 });
    const names = ['@acme/a', '@acme/b', '@acme/c', '@acme/d'];
    const outcomes = await Promise.allSettled(names.map((name) => publish(home, name, '1.0.0')));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('refuses what is imported, by name, and takes in what fits', async () => {
    using folder = temporary('tarballs');
    mkdirSync(join(folder.path, 'deep'));
    writeFileSync(join(folder.path, 'a.tgz'), tarballOf('@acme/a', '1.0.0'));
    writeFileSync(join(folder.path, 'deep', 'b.tgz'), tarballOf('@acme/a', '2.0.0'));
    writeFileSync(join(folder.path, 'deep', 'c.tgz'), tarballOf('own', '1.0.0'));
    const home = await homeWithin({ versions: 1 });
    const { job, counts, notes } = jobAt(home);
    const how = { path: folder.path, layout: 'tarballs', all: false, dryRun: false } as const;
    await home.origin.protocol.home?.takeIn(how, job);
    expect(counts).toMatchObject({ packages: 2, added: 2, refused: 1 });
    expect(notes).toEqual([
      '@acme/a@1.0.0: @acme/a takes 1 version of 1 version, and 1 version more do not fit',
    ]);
  });
});

describe('bytes that are being removed', () => {
  /** As a collection leaves it that is at it. */
  async function condemned(home: Home, name: string, version: string): Promise<DocumentKey> {
    const { sha256 } = await home.stores.blobs.write(tarballOf(name, version));
    const key = condemnedBlobKey(sha256);
    await home.stores.metadata.transact((transaction) => transaction.put(key, { sinceMs: Date.now() }));
    return key;
  }

  test('are published once they are gone, and the client waits for that', async () => {
    const home = await openHome();
    const key = await condemned(home, '@acme/a', '1.0.0');
    const [, sha256 = ''] = key;
    let isOver = false;
    const publishing = publish(home, '@acme/a', '1.0.0').then((answer) => {
      expect(isOver).toBe(true);
      return answer.status;
    });
    await Bun.sleep(120);
    await home.stores.blobs.delete(sha256 as never);
    isOver = true;
    await home.stores.metadata.transact((transaction) => transaction.delete(key));
    expect(await publishing).toBe(201);
    expect((await home.as(alice, 'GET', '/@acme/a/-/a-1.0.0.tgz')).status).toBe(200);
    expect(await home.stores.metadata.scan(blobReferenceKey(sha256 as never, ['pin']))).toEqual([]);
  });
});
