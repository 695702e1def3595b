import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { isPackageName, readPath } from './path.ts';

describe('a path means', () => {
  test('a packument, scoped or not', () => {
    expect(readPath('/lodash')).toEqual({ kind: 'packument', name: 'lodash' });
    expect(readPath('/@acme/tools')).toEqual({ kind: 'packument', name: '@acme/tools' });
    expect(readPath('/JSONStream')).toEqual({ kind: 'packument', name: 'JSONStream' });
    expect(readPath('/-')).toEqual({ kind: 'packument', name: '-' });
  });

  test('the same, however the client encodes a scope', () => {
    const plain = readPath('/@acme/tools');
    for (const path of ['/@acme%2ftools', '/@acme%2Ftools', '/%40acme%2Ftools', '/%40acme/tools']) {
      expect(readPath(path)).toEqual(plain);
    }
    expect(readPath('/@acme%2ftools/-/tools-1.0.0.tgz')).toEqual(readPath('/@acme/tools/-/tools-1.0.0.tgz'));
  });

  test('a manifest, by version or by tag', () => {
    expect(readPath('/lodash/4.17.21')).toEqual({ kind: 'manifest', name: 'lodash', version: '4.17.21' });
    expect(readPath('/lodash/1.0.0+build.1')).toMatchObject({ version: '1.0.0+build.1' });
    expect(readPath('/@acme%2ftools/latest')).toEqual({
      kind: 'manifest',
      name: '@acme/tools',
      version: 'latest',
    });
  });

  test('a tarball', () => {
    expect(readPath('/lodash/-/lodash-4.17.21.tgz')).toEqual({
      kind: 'tarball',
      name: 'lodash',
      file: 'lodash-4.17.21.tgz',
    });
    expect(readPath('/-/-/--0.0.1.tgz')).toEqual({ kind: 'tarball', name: '-', file: '--0.0.1.tgz' });
  });

  test('the same tarball, where a lock file repeats the scope in front of the file', () => {
    expect(readPath('/@acme/tools/-/@acme/tools-1.0.0.tgz')).toEqual(
      readPath('/@acme/tools/-/tools-1.0.0.tgz'),
    );
    expect(readPath('/@acme/tools/-/@other/tools-1.0.0.tgz')).toEqual({ kind: 'nothing' });
  });

  test('what concerns the registry rather than a package', () => {
    expect(readPath('/-/ping')).toEqual({ kind: 'ping' });
    expect(readPath('/-/v1/search')).toEqual({ kind: 'search' });
    expect(readPath('/-/npm/v1/keys')).toEqual({ kind: 'keys' });
    expect(readPath('/-/npm/v1/security/advisories/bulk')).toEqual({ kind: 'advisories' });
    expect(readPath('/-/npm/v1/security/audits/quick')).toEqual({ kind: 'audit-tree' });
    expect(readPath('/-/user/org.couchdb.user:me')).toEqual({ kind: 'account' });
    expect(readPath('/-/whoami')).toEqual({ kind: 'account' });
    expect(readPath('/-/package/@acme%2ftools/dist-tags')).toEqual({
      kind: 'dist-tags',
      name: '@acme/tools',
    });
    expect(readPath('/-/package/lodash/dist-tags/next')).toEqual({
      kind: 'dist-tag',
      name: 'lodash',
      tag: 'next',
    });
    for (const kind of ['access', 'visibility', 'collaborators'] as const) {
      expect(readPath(`/-/package/lodash/${kind}`)).toEqual({ kind, name: 'lodash' });
    }
    expect(readPath('/-/package/lodash/trust')).toEqual({ kind: 'account' });
    expect(readPath('/-/npm/v1/attestations/@acme%2ftools@1.0.0')).toEqual({
      kind: 'attestations',
      name: '@acme/tools',
      version: '1.0.0',
    });
  });

  test('what somebody has seen and is about to change', () => {
    expect(readPath('/@acme%2ftools/-rev/0199-a')).toEqual({
      kind: 'revision',
      name: '@acme/tools',
      revision: '0199-a',
    });
    for (const path of [
      '/@acme/tools/-/tools-1.0.0.tgz/-rev/1',
      '/@acme/tools/-/@acme/tools-1.0.0.tgz/-rev/1',
    ]) {
      expect(readPath(path)).toEqual({
        kind: 'tarball-revision',
        name: '@acme/tools',
        file: 'tools-1.0.0.tgz',
      });
    }
  });

  test('nothing, where a registry has nothing', () => {
    for (const path of [
      '/',
      '//',
      '/lodash/',
      '/lodash/-/',
      '/lodash/-/x.zip',
      '/lodash/1/2',
      '/-/else',
      '/lodash/-rev/',
      '/lodash/-rev/1/2',
      '/lodash/-/lodash-1.0.0.tgz/-rev/',
    ]) {
      expect(readPath(path)).toEqual({ kind: 'nothing' });
    }
  });

  test('something malformed, rather than a name that means something else further on', () => {
    const odd = [
      '/..',
      '/.hidden',
      '/_all_docs',
      '/a..b',
      '/@acme',
      '/a b',
      '/a%00',
      '/a%0d%0ab',
      '/%',
      '/%2',
      '/a%252fb',
    ];
    for (const path of [
      ...odd,
      '/a\\b',
      '/ä',
      '/%C3%A4',
      '/a?b',
      '/a#b',
      `/${'a'.repeat(215)}`,
      '/@a/..',
      '/@/b',
    ]) {
      expect([path, readPath(path).kind]).toEqual([path, 'malformed']);
    }
    for (const path of ['/a/..', '/a/-/..%2f..tgz', '/a/-/..tgz', '/a/-/b/c.tgz']) {
      expect([path, readPath(path).kind]).toEqual([path, 'nothing']);
    }
  });
});

describe('whatever the path', () => {
  const segment = fc.string({ unit: fc.constantFrom(...'ab1.-_@+%2fF40~!*\\ \n/ä'), maxLength: 12 });
  const paths = fc.oneof(
    fc.array(segment, { maxLength: 6 }).map((segments) => `/${segments.join('/')}`),
    fc.webPath(),
    fc.string({ unit: 'binary' }).map((text) => `/${text}`),
  );

  test('what comes out of it is safe to put into a key, a path or a header', () => {
    fc.assert(
      fc.property(paths, (path) => {
        const wanted = readPath(path);
        const words = Object.entries(wanted).flatMap(([field, value]) => (field === 'why' ? [] : [value]));
        for (const word of words) {
          expect(word).toMatch(/^[\w.~'!()*+@/-]+$/);
          expect(word).not.toContain('..');
        }
        if ('name' in wanted) expect(isPackageName(wanted.name)).toBe(true);
        if ('file' in wanted) expect(wanted.file).not.toContain('/');
        if ('version' in wanted) expect(wanted.version).not.toContain('/');
      }),
      { numRuns: 5_000 },
    );
  });

  test('encoding every slash and every at sign changes nothing, once a package is named', () => {
    const names = fc.tuple(
      fc.boolean(),
      fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
      fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
    );
    fc.assert(
      fc.property(names, fc.constantFrom('', '/1.0.0', '/-/x-1.0.0.tgz'), ([scoped, scope, bare], rest) => {
        const plain = `/${scoped ? `@${scope}/` : ''}${bare}`;
        const encoded = `/${plain.slice(1).replaceAll('/', '%2f').replaceAll('@', '%40')}`;
        expect(readPath(encoded + rest)).toEqual(readPath(plain + rest));
      }),
    );
  });
});
