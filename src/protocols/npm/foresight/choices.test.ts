import { describe, expect, test } from 'bun:test';
import { type Choices, fileOf, makeChoices, readChoices } from './choices.ts';

const made = (packument: object): Choices =>
  readChoices(new TextEncoder().encode(makeChoices(JSON.parse(JSON.stringify(packument)))));

const withVersions = (...versions: string[]) => ({
  name: 'left',
  'dist-tags': { latest: versions[0], next: '2.0.0-next.1' },
  versions: Object.fromEntries(versions.map((version) => [version, { name: 'left', version }])),
});
const numbersOf = ({ versions }: Choices) => versions.map(([version]) => version);

describe('what there is to choose from', () => {
  test('is the highest version first, whatever their order', () => {
    expect(numbersOf(made(withVersions('1.9.0', '1.10.0', '0.1.0', 'nonsense')))).toEqual([
      '1.10.0',
      '1.9.0',
      '0.1.0',
    ]);
  });

  test('is what each version needs, once for all that need the same', () => {
    const same = { dependencies: { right: '^1.0.0' }, engines: { node: '>=18' } };
    const versions = { '1.0.0': same, '1.0.1': same, '1.1.0': { os: ['linux'], cpu: 'x64', libc: ['musl'] } };
    const { needs, versions: rows } = made({ name: 'left', 'dist-tags': {}, versions });
    expect(needs).toEqual([
      { os: ['linux'], cpu: ['x64'], libc: ['musl'] },
      { dependencies: { right: '^1.0.0' }, node: '>=18' },
    ]);
    expect(rows.map(([version, at]) => [version, at])).toEqual([
      ['1.1.0', 0],
      ['1.0.1', 1],
      ['1.0.0', 1],
    ]);
  });

  test('does not need what may be missing, nor what it brings along', () => {
    const manifest = {
      dependencies: { a: '1', b: '1', c: '1' },
      optionalDependencies: { b: '1' },
      bundleDependencies: ['c'],
      peerDependencies: { p: '1', q: '2' },
      peerDependenciesMeta: { q: { optional: true } },
    };
    const [needs] = made({ name: 'left', versions: { '1.0.0': manifest } }).needs;
    expect(needs).toEqual({
      dependencies: { a: '1' },
      optional: { b: '1' },
      peers: { p: '1' },
      optionalPeers: { q: '2' },
    });
  });

  test('says which versions are deprecated, how long they are, and which file is called otherwise', () => {
    const tarball = 'http://meridian.invalid/@a/left/-/';
    const choices = made({
      name: '@a/left',
      versions: {
        '1.2.0': { deprecated: 'use right', dist: { unpackedSize: 7, tarball: `${tarball}left-1.2.0.tgz` } },
        '1.1.0': { deprecated: '', dist: { tarball: `${tarball}a-left-1.1.0.tgz` } },
      },
    });
    expect(choices.versions).toEqual([
      ['1.2.0', 0, 7, 1],
      ['1.1.0', 0, 0, 0, 'a-left-1.1.0.tgz'],
    ]);
    expect(choices.versions.map((choice) => fileOf(choices, choice))).toEqual([
      'left-1.2.0.tgz',
      'a-left-1.1.0.tgz',
    ]);
  });

  test('leaves out all but the highest pre-releases, unless a tag says their name', () => {
    const nightly = Array.from({ length: 30 }, (_, day) => `2.0.0-next.${day}`);
    const before = numbersOf(made(withVersions('1.0.0', ...nightly)));
    expect(before.filter((version) => version.startsWith('2.'))).toHaveLength(17);
    expect(before).toContain('2.0.0-next.29');
    expect(before).toContain('2.0.0-next.1');
    const after = numbersOf(made(withVersions('2.0.0', ...nightly)));
    expect(after.filter((version) => version.startsWith('2.'))).toHaveLength(6);
  });

  test('is nothing where the document says nothing', () => {
    expect(made({ name: 'left', versions: 7, 'dist-tags': [] })).toEqual({
      ...{ name: 'left', tags: {}, modifiedMs: null, needs: [], versions: [] },
    });
  });
});
