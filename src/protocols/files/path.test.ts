import { describe, expect, test } from 'bun:test';
import { foldersOf, readPath } from './path.ts';

describe('a path', () => {
  test('is the same however it is encoded', () => {
    for (const path of ['/a%2Db/c d', '/a-b/c%20d', '/%61-b/c%20%64'])
      expect([path, readPath(path)]).toEqual([path, { kind: 'file', path: 'a-b/c%20d' }]);
    expect(readPath('/mod@v1.0+meta/ü')).toEqual({ kind: 'file', path: 'mod@v1.0+meta/%C3%BC' });
  });

  test('of a folder ends in a slash', () => {
    expect(readPath('/a/b/')).toEqual({ kind: 'folder', path: 'a/b/' });
    expect(readPath('/')).toEqual({ kind: 'folder', path: '' });
  });

  test('leads nowhere else', () => {
    const ways = ['/../a', '/a/../b', '/a/..', '/a/./b', '/a//b', '//a', '/a/%2e%2e/b', '/a%2fb', '/a%5cb'];
    for (const path of [...ways, '/a%00', '/a%0a', '/%ff', `/${'a'.repeat(700)}`])
      expect([path, readPath(path).kind]).toEqual([path, 'malformed']);
  });
});

test('a file is in all folders above it', () => {
  expect(foldersOf('a/b/c.iso')).toEqual(['', 'a/', 'a/b/']);
  expect(foldersOf('c.iso')).toEqual(['']);
});
