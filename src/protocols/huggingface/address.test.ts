import { describe, expect, test } from 'bun:test';
import { filePath, isCommit, readAddress, repoNamed, repoOfName, treePath } from './address.ts';

const model = repoNamed('models', 'acme/tiny');
const commit = 'a'.repeat(40);

describe('an address', () => {
  test('of a file says repository, revision and path, however it is encoded', () => {
    const file = { at: 'resolve', repo: model, rev: 'main', file: 'sub/a b.json' } as const;
    for (const path of [
      '/acme/tiny/resolve/main/sub/a%20b.json',
      '/%61cme/tiny/resolve/main/sub%2Fa%20b.json',
    ])
      expect([path, readAddress(path)]).toEqual([path, file]);
    expect(filePath('resolve', model, 'refs/pr/1', 'ü.txt')).toBe(
      'acme/tiny/resolve/refs%2Fpr%2F1/%C3%BC.txt',
    );
  });

  test('may name a revision with slashes, encoded or not', () => {
    for (const rev of ['refs/pr/1', 'refs%2Fpr%2F1'])
      expect(readAddress(`/api/models/acme/tiny/tree/${rev}/sub`)).toEqual({
        ...{ at: 'tree', repo: model, rev: 'refs/pr/1', path: 'sub' },
      });
    expect(treePath(model, 'refs/pr/1', 'sub')).toBe('api/models/acme/tiny/tree/refs%2Fpr%2F1/sub');
  });

  test('may be of an old model without an organisation, a data set or a space', () => {
    expect(readAddress('/gpt2/resolve/main/x')).toMatchObject({ repo: { name: 'gpt2' } });
    expect(readAddress('/api/models/gpt2')).toMatchObject({ at: 'info', repo: { name: 'gpt2' } });
    expect(readAddress('/datasets/a/b/raw/main/x')).toMatchObject({
      at: 'raw',
      repo: { name: 'datasets/a/b' },
    });
    expect(readAddress('/api/spaces/a/b/refs')).toMatchObject({ at: 'refs', repo: { name: 'spaces/a/b' } });
    expect(repoOfName('datasets/a/b')).toEqual({ type: 'datasets', id: 'a/b', name: 'datasets/a/b' });
  });

  test('that leads elsewhere, or is no name, is malformed', () => {
    const ways = [
      '/a/b/resolve/main/../x',
      '/a/b/resolve/main/%2e%2e/x',
      '/a/b/resolve/main//x',
      '/a/b/resolve/main/a%0ab',
    ];
    const names = [
      '/a--b/c/resolve/main/x',
      '/api/models/.a/b',
      '/api/models/a/b.git',
      '/api/models/a%2fb..c/d',
    ];
    const others = ['/a/b/resolve/main/a%5cb', '/a/b/resolve/%ff/x', `/a/b/resolve/main/${'x'.repeat(900)}`];
    for (const path of [...ways, ...names, ...others, `/a/b.git/info/lfs/objects/${'z'.repeat(64)}`])
      expect([path, readAddress(path).at]).toEqual([path, 'malformed']);
  });

  test('that the Hub has, and this route does not serve, is absent', () => {
    for (const path of [
      '/',
      '/a',
      '/a/b',
      '/api/collections',
      '/api/models/a/b/xet-write-token/main',
      '/a/b/resolve/main',
    ])
      expect([path, readAddress(path).at === 'absent' || path === '/']).toEqual([path, true]);
  });
});

test('only the whole hash of a commit never means anything else', () => {
  expect([commit, 'main', commit.slice(1), commit.toUpperCase()].map(isCommit)).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
