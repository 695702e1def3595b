import { describe, expect, test } from 'bun:test';
import type { Item } from '../registry/ecosystem.ts';
import { projectOf, readFileName } from './names.ts';
import { chooseRendering } from './negotiate.ts';
import { read, write } from './path.ts';

function itemAt(path: string, accept: string | null = null, query = ''): Item | string | null {
  const found = read(path, query);
  if (found.as === 'item') return found.item;
  return found.as === 'forms' ? found.choose(accept) : found.as;
}

describe('addresses', () => {
  test('all spellings of a project have one index', () => {
    for (const spelling of ['foo-bar', 'Foo_Bar', 'foo.bar', 'FOO--_.BAR', 'foo%2Dbar'])
      expect(itemAt(`/simple/${spelling}/`)).toMatchObject({
        path: 'simple/foo-bar/',
        name: 'foo-bar',
        form: 'text',
      });
  });

  test('an index without its slash is at the address with one, in normal form', () => {
    expect(read('/simple/Foo_Bar', '?format=a')).toMatchObject({
      status: 301,
      location: 'foo-bar/?format=a',
    });
    expect(read('/simple', '')).toMatchObject({ status: 301, location: 'simple/' });
  });

  test('files and their metadata know their version', () => {
    const file = '/files/Foo.Bar/foo_bar-1.0%2Blocal-py3-none-any.whl';
    const path = 'files/foo-bar/foo_bar-1.0+local-py3-none-any.whl';
    expect(itemAt(file)).toMatchObject({ kind: 'file', path, version: '1.0+local', isFile: true });
    expect(itemAt(`${file}.metadata`)).toMatchObject({ kind: 'metadata', path: `${path}.metadata` });
  });

  test.each([
    '/simple/..%2f..%2fetc/',
    '/simple/%2e%2e/',
    '/simple/../x/',
    '/simple/a%0d%0aSet-Cookie:%20a/',
    '/simple/a%00b/',
    '/simple/a%zz/',
    '/simple/http:%2f%2fevil.example/',
    '/simple/-a/',
    '/simple/a b/',
    `/simple/${'a'.repeat(300)}/`,
    '/files/..%2f/a-1.0.tar.gz',
    '/files/a/..%5c..%5ca-1.0.tar.gz',
    '/files/%ff/a-1.0.tar.gz',
  ])('%s is malformed', (path) => {
    expect(itemAt(path)).toBe('malformed');
  });

  test.each([
    '/',
    '/pypi/six/json',
    '/simple/six/1.0/',
    '/simple//six/x',
    '/files/six/',
    '/files/six/seven-1.0.tar.gz',
    '/files/six/six-1.0.exe',
    '/files/six/six-latest.tar.gz',

    `/files/six/six-${'1'.repeat(300)}.tar.gz`,
  ])('%s is nothing', (path) => {
    expect(['absent', 'malformed']).toContain(itemAt(path) as string);
  });

  test('what is written to', () => {
    expect(write('POST', '/legacy/')).toMatchObject({ what: 'upload', name: null, bringsBlob: true });
    expect(write('POST', '/projects/Foo_Bar/1.0/yank')).toMatchObject({
      what: 'yank',
      name: 'foo-bar',
      action: 'publish',
    });
    expect(write('DELETE', '/projects/foo/1.0')).toMatchObject({ what: 'remove', action: 'delete' });
    expect(write('DELETE', '/projects/foo/1.0/foo-1.0.tar.gz')).toMatchObject({ what: 'remove' });
    expect(write('DELETE', '/projects/foo/1.0/bar-1.0.tar.gz')).toMatchObject({ as: 'malformed' });
    expect(write('POST', '/projects/foo/latest/yank')).toMatchObject({ as: 'malformed' });
    expect(write('POST', '/projects/..%2ffoo/1.0/yank')).toMatchObject({ as: 'malformed' });
    for (const [method, path] of [
      ['PUT', '/legacy/'],
      ['POST', '/simple/foo/'],
      ['POST', '/projects/foo/1.0/burn'],
    ] as const)
      expect(write(method, path)).toBeNull();
  });
});

describe('the rendering that a client likes', () => {
  const pip =
    'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01';
  test.each([
    [null, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text'],
    [pip, 'json'],
    ['application/vnd.pypi.simple.v1+html', 'html'],
    ['application/vnd.pypi.simple.latest+json', 'json'],
    ['application/vnd.pypi.simple.latest+html;q=0.5, text/*;q=0.4', 'html'],
    ['application/*', 'html'],
    ['*/*;q=0.1, text/html;q=0', 'html'],
    ['APPLICATION/vnd.pypi.simple.v1+JSON', 'json'],
    ['application/json', null],
    ['text/html;q=0', null],
    ['text/html;q=2', null],
    ['application/vnd.pypi.simple.v2+json', null],
  ] as const)('%p → %p', (accept, rendering) => {
    expect(chooseRendering(accept)).toBe(rendering);
  });

  test('`format` goes before that', () => {
    const json = '?format=application/vnd.pypi.simple.v1%2Bjson';
    expect(itemAt('/simple/six/', 'text/html', json)).toMatchObject({ form: 'json' });
    expect(itemAt('/simple/six/', pip, '?format=text/html')).toMatchObject({ form: 'text' });
    expect(itemAt('/simple/six/', pip, '?format=application/json')).toBeNull();
  });
});

describe('names of files', () => {
  test.each([
    ['foo-bar', 'foo_bar-1.0-py3-none-any.whl', '1.0'],
    ['foo-bar', 'Foo.Bar-1.0-1-cp311-cp311-manylinux_2_17_x86_64.whl', '1.0'],
    ['foo', 'foo-1.0.post1-py2.py3-none-any.whl', '1.0.post1'],
    ['foo', 'foo-1!2.0.zip', '1!2.0'],
    ['pytz', 'pytz-2004b.tar.bz2', '2004b'],
  ])('%s: %s is of %s', (project, file, version) => {
    expect(readFileName(project, file)?.version).toBe(version);
    expect(projectOf(file)).toBe(project);
  });

  test('an old sdist may have more hyphens than its project', () => {
    expect(readFileName('foo-bar', 'foo-bar-1.0-1.tar.gz')?.version).toBe('1.0-1');
  });

  test.each([
    ['foo', 'foo-1.0-py3-none.whl'],
    ['foo', 'foo-1.0-x1-py3-none-any.whl'],
    ['foo', 'foo-bar-1.0.tar.gz'],
    ['foo', 'foo-1.0.egg'],
    ['foo', '.foo-1.0.tar.gz'],
    ['foo', 'foo-1.0 .tar.gz'],
    ['foo', 'foo-1.0\n.tar.gz'],
  ])('%s: %s is none', (project, file) => {
    expect(readFileName(project, file)).toBeNull();
  });
});
