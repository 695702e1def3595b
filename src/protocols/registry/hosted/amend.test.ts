import { afterEach, describe, expect, test } from 'bun:test';
import { amend, amendPackage } from './amend.ts';
import { findFile, findPackage, findVersion, namesOf } from './find.ts';
import {
  acts,
  alice,
  closeHomes,
  openTestHome,
  published,
  referencesOf,
  refusalOf,
  someone,
} from './home.contract.ts';
import { hostingOf } from './hosting.ts';
import type { HostedVersion } from './record.ts';
import { type Removal, remove } from './remove.ts';

afterEach(closeHomes);

const yank = (version: HostedVersion) => ({ ...version, yanked: 'broken' });
const yanking = { name: 'thing', version: '1.0', action: 'yank' };

describe('an amendment', () => {
  test('changes what is said of a version, tells the nodes, and is in the audit log', async () => {
    const home = await openTestHome();
    await published(home, { files: { a: 'one' }, meta: { summary: 'old' } });
    home.purged.length = 0;
    const at = home.as(alice);
    await amend(at, { ...yanking, detail: { reason: 'broken' } }, (version) => ({
      ...yank(version),
      meta: { summary: 'new' },
      files: version.files.map((file) => ({ ...file, meta: { signed: true } })),
    }));
    expect(await findVersion(at, 'thing', '1.0')).toMatchObject({
      ...{ yanked: 'broken', meta: { summary: 'new' } },
      files: [{ name: 'a', meta: { signed: true } }],
    });
    expect(home.purged).toEqual([{ by: 'tag', tag: 'test-index:thing' }]);
    expect((await acts(home)).at(-1)).toMatchObject({
      ...{ what: 'test.yank', subject: 'packages thing@1.0', detail: { reason: 'broken' } },
    });
  });

  test('that changes nothing is neither written down nor told', async () => {
    const home = await openTestHome();
    await published(home);
    home.purged.length = 0;
    await amend(home.as(alice), yanking, (version) => version);
    expect(home.purged).toEqual([]);
    expect(await acts(home)).toHaveLength(1);
  });

  test('of what is not there, or without the right, is refused', async () => {
    const home = await openTestHome();
    expect(await refusalOf(amend(home.as(alice), yanking, yank))).toBe('404 There is no thing 1.0.');
    await published(home);
    const bob = someone('bob', 'publish');
    expect(await refusalOf(amend(home.as(bob), { ...yanking, right: 'delete' }, yank))).toBe('forbidden');
    expect((await findVersion(home.as(alice), 'thing', '1.0'))?.yanked).toBeNull();
  });

  test('of a package as a whole stays through publications', async () => {
    const home = await openTestHome();
    await published(home);
    const at = home.as(alice);
    const added = await amendPackage(at, { name: 'thing', action: 'owners' }, ({ meta }) => ({
      ...{ ...meta, owners: ['alice', 'bob'] },
    }));
    expect(added.meta).toEqual({ owners: ['alice', 'bob'] });
    await published(home, { version: '1.1' });
    expect(await findPackage(at, 'thing')).toMatchObject({ versions: 2, meta: added.meta });
  });
});

describe('a removal', () => {
  const of = (removal: Partial<Removal>): Removal => ({
    name: 'thing',
    version: null,
    file: null,
    ...removal,
  });

  test('of a file leaves the others, and its name taken', async () => {
    const home = await openTestHome();
    await published(home, { files: { a: 'one', b: 'three' } });
    const at = home.as(alice);
    home.purged.length = 0;
    await remove(at, of({ version: '1.0', file: 'a' }));
    expect(await findFile(at, 'thing', 'a')).toBeNull();
    expect((await findVersion(at, 'thing', '1.0'))?.files.map(({ name }) => name)).toEqual(['b']);
    expect(home.purged).toHaveLength(2);
    const { holdings } = hostingOf(home.registry);
    expect(await holdings.weigh(home.stores.metadata, 'hosted', 'thing')).toEqual({ versions: 1, bytes: 5 });
    const again = published(home, { files: { a: 'one' }, onExisting: 'add' });
    expect(await refusalOf(again)).toStartWith('409 a has been published, was taken away');
    expect((await acts(home)).at(-1)).toMatchObject({ what: 'test.remove', detail: { file: 'a', bytes: 3 } });
  });

  test('of the last file takes the version with it, and of the last version the package', async () => {
    const home = await openTestHome();
    await published(home, { files: { a: 'one' } });
    const at = home.as(alice);
    home.purged.length = 0;
    await remove(at, of({ version: '1.0', file: 'a' }));
    expect(await findVersion(at, 'thing', '1.0')).toBeNull();
    expect(await Array.fromAsync(namesOf(at))).toEqual([]);
    expect(await referencesOf(home)).toEqual([]);
    expect(home.purged).toEqual([
      { by: 'tag', tag: 'test:thing' },
      { by: 'tag', tag: 'test-index' },
    ]);
  });

  test('of a version leaves its number taken, unless it is published to be replaced', async () => {
    const home = await openTestHome();
    await published(home, { files: { a: 'one' } });
    await remove(home.as(alice), of({ version: '1.0' }));
    const taken = '409 thing 1.0 has been published, was taken away, and leaves its number taken.';
    expect(await refusalOf(published(home, { files: { a: 'one' } }))).toBe(taken);
    expect(await refusalOf(published(home, { files: { b: 'x' }, onExisting: 'add' }))).toBe(taken);
    await published(home, { files: { a: 'other' }, onExisting: 'replace' });
    expect(await findFile(home.as(alice), 'thing', 'a')).toMatchObject({ sizeBytes: 5 });
  });

  test('that leaves nothing leaves no document at all', async () => {
    const home = await openTestHome();
    await published(home);
    await remove(home.as(alice), of({ leavesNothing: true }));
    for (const word of ['registry-package', 'registry-version', 'registry-file', 'registry-named', 'blob'])
      expect(await home.stores.metadata.scan([word])).toEqual([]);
    expect(await published(home)).toMatchObject({ isNew: true });
  });

  test('of a package of many files goes step by step, all of it', async () => {
    const home = await openTestHome();
    for (const version of ['1', '2', '3']) {
      const files = Array.from({ length: 600 }, (_, nth) => [`${version}-${nth}`, 'same'] as const);
      await published(home, { version, files: Object.fromEntries(files) });
    }
    await remove(home.as(alice), of({}));
    expect(await referencesOf(home)).toEqual([]);
    expect(await Array.fromAsync(namesOf(home.as(alice)))).toEqual([]);
    const { holdings } = hostingOf(home.registry);
    expect(await holdings.weigh(home.stores.metadata, 'hosted', 'thing')).toEqual({ versions: 0, bytes: 0 });
    expect((await acts(home)).filter(({ what }) => what === 'test.remove')).toHaveLength(1);
    expect(await home.stores.metadata.scan(['registry-untold'])).toEqual([]);
  }, 30_000);

  test('of what is not there, or without the right, is refused', async () => {
    const home = await openTestHome();
    expect(await refusalOf(remove(home.as(alice), of({})))).toBe('404 There is no thing.');
    await published(home);
    expect(await refusalOf(remove(home.as(someone('bob', 'publish')), of({})))).toBe('forbidden');
    expect(await refusalOf(remove(home.as(alice), of({ version: '1.0', file: 'x' })))).toStartWith('404');
  });
});
