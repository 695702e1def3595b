import { afterEach, describe, expect, test } from 'bun:test';
import { systemClock } from '../../../clock.ts';
import { collect } from '../../../origin/collection/collect.ts';
import { withBlob } from './blob.ts';
import { findFile, findPackage, findVersion, namesOf, versionsOf } from './find.ts';
import {
  acts,
  alice,
  bytesOf,
  closeHomes,
  openTestHome,
  published,
  referencesOf,
  refusalOf,
  someone,
  type TestHome,
} from './home.contract.ts';
import { hostingOf } from './hosting.ts';
import { publish } from './publish.ts';
import { remove } from './remove.ts';

afterEach(closeHomes);

const all = <One>(from: AsyncIterable<One>) => Array.fromAsync(from);
const weightOf = (home: TestHome, name = 'thing') =>
  hostingOf(home.registry).holdings.weigh(home.stores.metadata, 'hosted', name);

describe('a publication', () => {
  test('becomes visible as a whole, with its bytes, its author and a line in the audit log', async () => {
    const home = await openTestHome();
    const done = await published(home, { files: { b: 'two', a: 'one' }, meta: { summary: 'A thing' } });
    expect(done).toEqual({ isNew: true, files: ['b', 'a'] });
    const at = home.as(alice);
    const version = await findVersion(at, 'thing', '1.0');
    expect(version).toMatchObject({ name: 'thing', version: '1.0', publisher: 'alice', yanked: null });
    expect(version?.meta).toEqual({ summary: 'A thing' });
    expect(version?.files.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
      ['a', 3],
      ['b', 3],
    ]);
    const file = await findFile(at, 'thing', 'a');
    expect(file).toMatchObject({ package: 'thing', version: '1.0' });
    expect(await findPackage(at, 'thing')).toMatchObject({ versions: 1 });
    expect(await all(namesOf(at))).toEqual(['thing']);
    expect(await acts(home)).toMatchObject([
      { what: 'test.publish', subject: 'packages thing@1.0', by: 'user:alice', detail: { bytes: 6 } },
    ]);
    expect(await weightOf(home)).toEqual({ versions: 1, bytes: 6 });
    expect(await referencesOf(home)).toEqual(expect.arrayContaining(['registry packages thing 1.0 a']));
    expect(await home.stores.metadata.scan(['registry-untold'])).toEqual([]);
  });

  test('is told to all nodes: everything of a name that is new, the indexes of one that is not', async () => {
    const home = await openTestHome();
    await published(home);
    expect(home.purged).toEqual([
      { by: 'tag', tag: 'test:thing' },
      { by: 'tag', tag: 'test-index' },
    ]);
    home.purged.length = 0;
    await published(home, { version: '1.1', outdates: ['test-list'] });
    expect(home.purged).toEqual([
      { by: 'tag', tag: 'test-index:thing' },
      { by: 'tag', tag: 'test-list' },
    ]);
  });

  test('that could not be told is told later, by another process', async () => {
    const home = await openTestHome();
    home.bus = 'down';
    expect(await refusalOf(published(home, { outdates: ['test-list'] }))).toBe('bus-unreachable');
    const other = home.again();
    const at = other.as(alice);
    other.registry.teller.tellLeft(at.door);
    for (let turn = 0; turn < 200 && other.purged.length < 3; turn++) await new Promise(setImmediate);
    expect(other.purged).toEqual(
      ['test:thing', 'test-index', 'test-list'].map((tag) => ({ by: 'tag', tag })),
    );
  });

  test('that could not be told is told when whoever made it repeats it', async () => {
    const home = await openTestHome();
    home.bus = 'down';
    expect(await refusalOf(published(home, { onExisting: 'add' }))).toBe('bus-unreachable');
    home.bus = 'up';
    expect(await published(home, { onExisting: 'add' })).toEqual({ isNew: false, files: [] });
    expect(home.purged).toContainEqual({ by: 'tag', tag: 'test-index:thing' });
  });

  test('of a name that does not live here, or by somebody without the right, stores nothing', async () => {
    const home = await openTestHome({ names: ['acme-*'] });
    expect(await refusalOf(published(home))).toStartWith('403 thing does not live here');
    const own = { name: 'acme-thing' };
    expect(await refusalOf(published(home, { ...own, by: null }))).toBe('unauthenticated');
    expect(await refusalOf(published(home, { ...own, by: someone('bob', 'read') }))).toBe('forbidden');
    expect(await referencesOf(home)).toEqual([]);
    expect(await all(namesOf(home.as(alice)))).toEqual([]);
  });

  test('of bytes that are not as announced, or too many, leaves nothing behind', async () => {
    const home = await openTestHome({ maxFileBytes: 10 });
    const options = { expect: { sha256: '0'.repeat(64) } };
    expect(await refusalOf(published(home, { files: { a: 'short' }, options }))).toBe('blob-mismatch');
    expect(await refusalOf(published(home, { files: { a: 'much too long' } }))).toBe('body-too-large');
    expect(await referencesOf(home)).toEqual([]);
    expect(await home.stores.blobs.list(null, 10)).toEqual([]);
  });

  test('whose work fails lets go of its bytes', async () => {
    const home = await openTestHome();
    const work = withBlob(home.as(alice), bytesOf('bytes'), {}, async () => {
      expect(await referencesOf(home)).toHaveLength(1);
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await referencesOf(home)).toEqual([]);
  });

  test('shows what is held, whole and in part, with the hashes that were asked for', async () => {
    const home = await openTestHome();
    await withBlob(home.as(alice), bytesOf('0123456789'), { hash: ['md5'] }, async (held) => {
      expect(held.sizeBytes).toBe(10);
      expect(held.hashes.md5).toBe('781e5e245d69b566979b86e28d23f2c7');
      expect(new TextDecoder().decode(await held.read({ from: 2, to: 4 }))).toBe('234');
      expect(await new Response(await held.open()).text()).toBe('0123456789');
    });
  });

  test('of a name, or of metadata, that is too long to be kept is refused', async () => {
    const home = await openTestHome();
    expect(await refusalOf(published(home, { name: 'x'.repeat(800) }))).toStartWith('400');
    expect(await refusalOf(published(home, { version: 'a\nb' }))).toStartWith('400');
    expect(await refusalOf(published(home, { meta: { readme: 'x'.repeat(2 ** 20) } }))).toStartWith('413');
    expect(await refusalOf(published(home, { fileMeta: { text: 'x'.repeat(40_000) } }))).toStartWith('413');
    expect(await referencesOf(home)).toEqual([]);
  });

  test('beyond a quota is refused as a whole', async () => {
    const home = await openTestHome({ quota: { packageBytes: 10, versions: 1 } });
    expect(await refusalOf(published(home, { files: { a: 'eleven byte' } }))).toBe('quota-exceeded');
    await published(home, { files: { a: 'ten bytes.' } });
    expect(await refusalOf(published(home, { version: '1.1', files: { b: '' } }))).toBe('quota-exceeded');
    expect((await findVersion(home.as(alice), 'thing', '1.1')) ?? 'none').toBe('none');
    // What is replaced makes room for what replaces it.
    await published(home, { files: { a: 'as long at' }, onExisting: 'replace' });
    expect(await weightOf(home)).toEqual({ versions: 1, bytes: 10 });
  });
});

describe('what is there already', () => {
  test('is refused with the status that the ecosystem says', async () => {
    const home = await openTestHome();
    await published(home);
    expect(await refusalOf(published(home))).toBe('409 thing 1.0 has been published.');
    expect(await refusalOf(published(home, { takenStatus: 403 }))).toStartWith('403');
    expect(await referencesOf(home)).toHaveLength(1);
  });

  test('gets more files; the same bytes count as done, and others are refused', async () => {
    const home = await openTestHome();
    const add = (files: Record<string, string>) => published(home, { files, onExisting: 'add' });
    await add({ a: 'one' });
    expect(await add({ b: 'two' })).toEqual({ isNew: false, files: ['b'] });
    expect(await add({ a: 'one', b: 'two' })).toEqual({ isNew: false, files: [] });
    expect(await refusalOf(add({ a: 'other' }))).toBe(
      '409 a has been published with other bytes, and stays what it is.',
    );
    expect(await refusalOf(add({ c: 'three', a: 'other' }))).toStartWith('409');
    const version = await findVersion(home.as(alice), 'thing', '1.0');
    expect(version?.files.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(await weightOf(home)).toEqual({ versions: 1, bytes: 6 });
    expect((await acts(home)).length).toBe(2);
  });

  test('is replaced, and nodes are told of the files that have other bytes', async () => {
    const home = await openTestHome();
    const replace = (files: Record<string, string>) => published(home, { files, onExisting: 'replace' });
    await replace({ a: 'one', b: 'two' });
    home.purged.length = 0;
    expect(await replace({ a: 'other one' })).toEqual({ isNew: false, files: ['a'] });
    expect(home.purged.map((purged) => ('tag' in purged ? purged.tag.split(':')[0] : ''))).toEqual([
      'test-index',
      'test-file',
    ]);
    expect(await weightOf(home)).toEqual({ versions: 1, bytes: 12 });
    expect(await referencesOf(home)).toHaveLength(2);
    home.purged.length = 0;
    expect(await replace({ a: 'other one' })).toEqual({ isNew: false, files: [] });
    expect(home.purged).toEqual([]);
  });

  test('of another version keeps its name, unless names are shared', async () => {
    const home = await openTestHome();
    await published(home, { files: { a: 'one' } });
    expect(await refusalOf(published(home, { version: '1.1', files: { a: 'two' } }))).toBe(
      '409 a belongs to thing 1.0.',
    );
    await published(home, { version: '1.1', files: { a: 'two!' }, isNameShared: true });
    const at = home.as(alice);
    expect(await findFile(at, 'thing', 'a', '1.0')).toMatchObject({ sizeBytes: 3 });
    expect(await findFile(at, 'thing', 'a', '1.1')).toMatchObject({ sizeBytes: 4 });
  });
});

describe('at the same moment', () => {
  test('of those who publish the same version, one wins, and the others are refused', async () => {
    const home = await openTestHome();
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, nth) => refusalOf(published(home, { files: { a: `bytes ${nth}` } }))),
    );
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome.startsWith('409'))).toHaveLength(7);
    expect(await referencesOf(home)).toHaveLength(1);
    expect(await weightOf(home)).toEqual({ versions: 1, bytes: 7 });
  });

  test('two processes add files to one version, and both are there', async () => {
    const home = await openTestHome();
    const other = home.again();
    await Promise.all([
      published(home, { files: { a: 'one' }, onExisting: 'add' }),
      published(other, { files: { b: 'two' }, onExisting: 'add' }),
    ]);
    expect((await findVersion(home.as(alice), 'thing', '1.0'))?.files).toHaveLength(2);
    expect(await weightOf(home)).toEqual({ versions: 1, bytes: 6 });
  });

  test('the store is collected while others publish, and what was published has its bytes', async () => {
    const home = await openTestHome();
    const { signal } = new AbortController();
    const collected = () =>
      collect({
        ...{ stores: home.stores, clock: systemClock, by: 'origin', graceMs: 0, dryRun: false },
        ...{ progress: () => {}, signal },
      });
    for (let round = 0; round < 5; round++) {
      const version = `1.${round}`;
      await Promise.all([
        published(home, { version, files: { [`a-${version}`]: 'the same bytes' } }),
        collected(),
      ]);
      await remove(home.as(alice), { name: 'thing', version, file: null });
      const again = published(home, {
        name: 'other',
        version,
        files: { [`b-${version}`]: 'the same bytes' },
      });
      await Promise.all([again, collected()]);
      const file = await findFile(home.as(alice), 'other', `b-${version}`);
      expect(file && (await home.stores.blobs.stat(file.blob))).not.toBeNull();
      await remove(home.as(alice), { name: 'other', version, file: null });
    }
  });
});

describe('many', () => {
  test('versions and files are read in order, page by page, with what is gone left out', async () => {
    const home = await openTestHome();
    const at = home.as(alice, { method: 'POST' });
    const versions = Array.from({ length: 250 }, (_, nth) => `1.${nth}`);
    await withBlob(at, bytesOf('the same'), {}, async (held) => {
      for (const version of versions)
        await publish(at, {
          ...{ name: 'thing', version, meta: {}, onExisting: 'refuse' },
          files: ['a', 'b', 'c'].map((name) => ({ name: `${name}-${version}`, held })),
        });
    });
    await remove(at, { name: 'thing', version: '1.7', file: null });
    const found = await all(versionsOf(at, 'thing'));
    expect(found.map(({ version }) => version)).toEqual(
      versions.filter((version) => version !== '1.7').sort(),
    );
    expect(
      found.every(
        ({ version, files }) =>
          files.map(({ name }) => name).join() === `a-${version},b-${version},c-${version}`,
      ),
    ).toBe(true);
    const rest = await all(versionsOf(at, 'thing', '1.97'));
    expect(rest.map(({ version }) => version)).toEqual(['1.98', '1.99']);
    expect(rest[0]?.files).toHaveLength(3);
  }, 30_000);

  test('files of one version do not make any document long', async () => {
    const home = await openTestHome();
    const files = Object.fromEntries(Array.from({ length: 1_000 }, (_, nth) => [`f${nth}`, `${nth}`]));
    await published(home, { files, fileMeta: { text: 'x'.repeat(5_000) } });
    expect((await findVersion(home.as(alice), 'thing', '1.0'))?.files).toHaveLength(1_000);
    await remove(home.as(alice), { name: 'thing', version: '1.0', file: null });
    expect(await referencesOf(home)).toEqual([]);
    expect(await weightOf(home)).toEqual({ versions: 0, bytes: 0 });
  }, 30_000);
});
