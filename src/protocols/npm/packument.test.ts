import { describe, expect, test } from 'bun:test';
import { derivePackument, NotAPackument, selectTags, selectVersion } from './packument.ts';
import { findInIndex, type IndexedFile } from './tarball-index.ts';
import { integrityOf, packumentOf } from './world.contract.ts';

const registry = 'http://registry.example';

function fileIn(index: string, file: string): IndexedFile | null {
  const found = findInIndex(Buffer.from(index), file);
  if (found !== null && 'hidden' in found) throw new Error(`${file} is hidden`);
  return found;
}

function derive(document: unknown, name = 'left', withFull = true) {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const { abbreviated, full, index } = derivePackument(text, {
    ...{ name, remoteUrl: registry, withFull },
    policy: null,
  });
  return {
    abbreviated: JSON.parse(abbreviated),
    full: full === null ? null : JSON.parse(full),
    find: (file: string) => fileIn(index, file),
    texts: { abbreviated, full, index },
  };
}

/** A packument of `left` with these `dist` objects. */
function withDists(dists: Record<string, unknown>, name = 'left') {
  const versions = Object.entries(dists).map(([version, dist]) => [version, { name, version, dist }]);
  return { name, versions: Object.fromEntries(versions) };
}

describe('the full form', () => {
  test('keeps everything but the links and the white space', () => {
    const upstream = packumentOf('@acme/tools', registry, ['1.0.0', '2.0.0']);
    const expected = JSON.parse(upstream);
    for (const version of ['1.0.0', '2.0.0']) {
      expected.versions[version].dist.tarball = `http://meridian.invalid/@acme/tools/-/tools-${version}.tgz`;
    }
    const { full, texts } = derive(upstream, '@acme/tools');
    expect(full).toEqual(expected);
    expect(texts.full).toBe(JSON.stringify(full));
  });

  test('is left out when nobody wants it', () => {
    expect(derive(packumentOf('left', registry), 'left', false).full).toBeNull();
  });
});

describe('the abbreviated form', () => {
  test('holds what an installer needs', () => {
    const { abbreviated } = derive(packumentOf('left', registry));
    expect(abbreviated).toEqual({
      name: 'left',
      modified: '2026-01-02T03:04:05.678Z',
      'dist-tags': { latest: '1.0.0' },
      versions: {
        '1.0.0': {
          name: 'left',
          version: '1.0.0',
          dependencies: { other: '^1.0.0' },
          dist: {
            tarball: 'http://meridian.invalid/left/-/left-1.0.0.tgz',
            integrity: integrityOf('tarball of left@1.0.0'),
          },
          hasInstallScript: true,
        },
      },
    });
  });

  test('is the same, whichever form the upstream sent', () => {
    const fromFull = derive(packumentOf('left', registry)).texts.abbreviated;
    const again = fromFull.replaceAll('http://meridian.invalid', registry);
    expect(derive(again).texts.abbreviated).toBe(fromFull);
  });

  test('says that there is an install script only where there is one', () => {
    const scriptsOf = (scripts: unknown, extra = {}) =>
      derive({ name: 'left', versions: { '1.0.0': { scripts, ...extra } } }).abbreviated.versions['1.0.0'];
    expect(scriptsOf({ preinstall: 'x' })).toEqual({ hasInstallScript: true });
    expect(scriptsOf({ test: 'x', prepare: 'y' })).toEqual({});
    expect(scriptsOf(undefined)).toEqual({});
    expect(scriptsOf({ install: 'x' }, { hasInstallScript: false })).toEqual({ hasInstallScript: false });
  });

  test('knows both spellings of bundled dependencies', () => {
    const document = { name: 'left', versions: { '1.0.0': { bundledDependencies: ['a'] } } };
    expect(derive(document).abbreviated.versions['1.0.0']).toEqual({ bundleDependencies: ['a'] });
  });

  test('tells when its newest version came where the registry does not say when it was changed', () => {
    const modifiedOf = (time: Record<string, string>) =>
      derive({ name: 'left', versions: { '1.0.0': {}, '1.1.0': {} }, time }).abbreviated.modified;
    const [older, newer] = ['2026-01-02T03:04:05+01:00', '2026-02-03T04:05:06.789Z'];
    expect(modifiedOf({ '1.0.0': newer, '1.1.0': older })).toBe(newer);
    expect(modifiedOf({ '1.1.0': older, '1.0.0': older, '9.9.9': newer })).toBe('2026-01-02T02:04:05.000Z');
    expect(modifiedOf({ '1.0.0': newer })).toBeUndefined();
    for (const unknown of ['some day', '2026-02-03T04:05:06'])
      expect(modifiedOf({ '1.0.0': newer, '1.1.0': unknown })).toBeUndefined();
    expect(modifiedOf({ '1.0.0': older, '1.1.0': older, modified: newer })).toBe(newer);
  });

  test('of a package without any version left is empty', () => {
    expect(derive({ name: 'left', time: { unpublished: {} } }).abbreviated).toEqual({
      name: 'left',
      'dist-tags': {},
      versions: {},
    });
  });

  test('takes a field named like a prototype for a field', () => {
    const text = '{"name":"left","versions":{"__proto__":{"version":"1.0.0","os":["x"]},"2.0.0":{}}}';
    const { texts } = derive(text);
    expect(texts.abbreviated).toContain('"__proto__":{"version":"1.0.0","os":["x"]}');
    expect(texts.full).toContain('"__proto__":{"version":"1.0.0","os":["x"]}');
  });
});

describe('the index', () => {
  test('knows where a file is and what its digest is', () => {
    const { find } = derive(packumentOf('@acme/tools', registry, ['1.0.0', '1.0.1']), '@acme/tools');
    expect(find('tools-1.0.1.tgz')).toEqual({
      url: `${registry}/@acme/tools/-/tools-1.0.1.tgz`,
      digest: `sha-512=:${integrityOf('tarball of @acme/tools@1.0.1').slice(7)}:`,
    });
    for (const file of ['tools-1.0.2.tgz', 'tools-1.0.', 'meridian-index', '-1.0.0.tgz', '']) {
      expect(find(file)).toBeNull();
    }
  });

  test('makes do with a shasum, or with nothing', () => {
    const shasum = new Bun.CryptoHasher('sha1').update('bytes').digest('hex');
    const { find } = derive(
      withDists({
        '1.0.0': { tarball: `${registry}/left/-/left-1.0.0.tgz`, shasum },
        '2.0.0': { tarball: `${registry}/left/-/left-2.0.0.tgz`, integrity: 'sha512-short', shasum: 'xyz' },
      }),
    );
    expect(find('left-1.0.0.tgz')?.digest).toBe(`sha=:${Buffer.from(shasum, 'hex').toString('base64')}:`);
    expect(find('left-2.0.0.tgz')?.digest).toBeNull();
  });

  test('keeps the upstream’s own name of a file and knows npm’s as well', () => {
    const { find, abbreviated } = derive(
      withDists({ '1.0.0': { tarball: 'https://cdn.example/x/left-v1.0.0.tgz' } }),
    );
    expect(abbreviated.versions['1.0.0'].dist.tarball).toBe('http://meridian.invalid/left/-/left-v1.0.0.tgz');
    expect(find('left-v1.0.0.tgz')?.url).toBe('https://cdn.example/x/left-v1.0.0.tgz');
    expect(find('left-1.0.0.tgz')).toEqual(find('left-v1.0.0.tgz'));
  });

  test('names a file as npm would, where the upstream’s names do not tell versions apart', () => {
    const download = 'https://git.example/download/left';
    const { find, abbreviated } = derive(
      withDists({
        '1.0.0': { tarball: `${download}/1.0.0/0123456789abcdef` },
        '2.0.0': { tarball: `${download}/2.0.0/package.tgz?token=a%20b` },
        '3.0.0': { tarball: `${download}/3.0.0/package.tgz` },
      }),
    );
    for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
      const { tarball } = abbreviated.versions[version].dist;
      expect(tarball).toBe(`http://meridian.invalid/left/-/left-${version}.tgz`);
      expect(find(`left-${version}.tgz`)?.url).toStartWith(`${download}/${version}/`);
    }
  });

  test('gives two files that claim the same name two names', () => {
    const { find, abbreviated } = derive(
      withDists({
        '1.0.0': { tarball: `${registry}/a/left-1.0.0.tgz` },
        '1.0': { tarball: `${registry}/b/left-1.0.0.tgz` },
        '0': { tarball: `${registry}/c/left-1.0.tgz` },
      }),
    );
    const files = Object.values<{ dist: { tarball: string } }>(abbreviated.versions).map(({ dist }) =>
      dist.tarball.slice('http://meridian.invalid/left/-/'.length),
    );
    expect(new Set(files.map((file) => find(file)?.url)).size).toBe(3);
  });

  test('takes links relative to the registry, and no others than those of the web', () => {
    const { find } = derive(
      withDists({
        '1.0.0': { tarball: 'left/-/left-1.0.0.tgz' },
        '2.0.0': { tarball: 'file:///etc/passwd' },
        '3.0.0': { tarball: 42 },
        '4.0.0': 'none',
      }),
    );
    expect(find('left-1.0.0.tgz')?.url).toBe(`${registry}/left/-/left-1.0.0.tgz`);
    expect(find('left-2.0.0.tgz')).toBeNull();
    expect(find('left-3.0.0.tgz')).toBeNull();
  });

  test('cannot be given a line of its own by a link or a version', () => {
    const { texts } = derive(
      withDists({
        '1.0.0\nevil.tgz http://evil.example/ -': { tarball: `${registry}/left/-/left-1.0.0.tgz` },
        '2.0.0': { tarball: `${registry}/left/-/left-2.0.0.tgz?\nevil.tgz http://evil.example/ -\n` },
      }),
    );
    expect(findInIndex(Buffer.from(texts.index), 'evil.tgz')).toBeNull();
    for (const line of texts.index.trim().split('\n').slice(1)) expect(line.split(' ')).toHaveLength(3);
  });
});

describe('no packument is', () => {
  test.each([
    ['half of one', '{"name":"left","versions":{'],
    ['a page for people', '<!doctype html>'],
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['another package’s', '{"name":"right","versions":{}}'],
    ['a nameless one', '{"versions":{}}'],
    ['one whose versions are a list', '{"name":"left","versions":[]}'],
    ['one with a version that is no object', '{"name":"left","versions":{"1.0.0":"x"}}'],
    ['one whose tags are a text', '{"name":"left","dist-tags":"latest"}'],
  ])('%s', (_, text) => {
    expect(() => derive(text)).toThrow(NotAPackument);
  });
});

describe('out of a canonical document comes', () => {
  const { texts } = derive(packumentOf('left', registry, ['1.0.0', '2.0.0']));
  const full = texts.full ?? '';

  test('a version, by its number or by a tag', () => {
    expect(JSON.parse(selectVersion(full, '1.0.0') ?? '')).toMatchObject({ version: '1.0.0', scripts: {} });
    expect(selectVersion(full, 'latest')).toBe(selectVersion(full, '2.0.0'));
    for (const missing of ['3.0.0', 'next', 'toString', '__proto__', ''])
      expect(selectVersion(full, missing)).toBeNull();
  });

  test('the list of tags', () => {
    expect(selectTags(full)).toBe('{"latest":"2.0.0"}');
  });
});
