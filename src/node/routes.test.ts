import { expect, test } from 'bun:test';
import type { Protocol } from '../protocol.ts';
import { type Route, routes } from './routes.ts';

const protocol: Protocol = {
  id: 'test',
  covers: () => [],
  changed: () => null,
  name: () => ({ as: 'answer', kind: 'test', status: 200, fields: [], body: '' }),
  pull: () => Promise.reject(new Error('not asked')),
};

function route(name: string, prefix: string, hosts: readonly string[] = []): Route {
  return { name, prefix, hosts, protocol };
}

test('the first route whose prefix and host match serves', () => {
  const table = routes([route('npm', '/npm'), route('docs', '', ['docs.example.com']), route('rest', '')]);
  expect(table.match('any:80', '/npm/lodash')?.name).toBe('npm');
  expect(table.match('any:80', '/npm')?.name).toBe('npm');
  expect(table.match('docs.example.com', '/guide')?.name).toBe('docs');
  expect(table.match('DOCS.example.com:8080', '/guide')?.name).toBe('docs');
  expect(table.match('any:80', '/guide')?.name).toBe('rest');
});

test('a prefix ends at a slash', () => {
  const table = routes([route('npm', '/npm')]);
  expect(table.match('any', '/npmx')).toBeNull();
  expect(table.match('any', '/')).toBeNull();
});

test('an address goes round no route by being written otherwise', () => {
  const table = routes([route('private', '/private'), route('rest', '')]);
  expect(table.match('any', '/private/a')?.name).toBe('private');
  expect(table.match('any', '/%70rivate/a')).toBeNull();
  expect(table.match('any', '/privat%65')).toBeNull();
  expect(table.match('any', '/private/%61%2F')?.name).toBe('private');
  expect(table.match('any', '/public/%70rivate')?.name).toBe('rest');
  expect(table.match('any', '/%')?.name).toBe('rest');
});

test('nor by what a server behind it may read as another address', () => {
  const table = routes([route('private', '/private'), route('rest', '')]);
  for (const path of [
    ...[
      '//private/a',
      '/private%2fa',
      '/x/..%2fprivate/a',
      '/x%2f..%2fprivate',
      '/%2570rivate/a',
      '/%2fprivate',
    ],
    ...[
      '/private;v=1/a',
      '/x;/..%2f/private',
      '/x%5c..%5cprivate%5ca',
      '/private//..%2fa',
      '/private/..%2fa',
    ],
    ...['/private%3bv=1/a', '/%70rivate/..%2frest'],
  ])
    expect([path, table.match('any', path)?.name]).toEqual([path, undefined]);
  for (const path of ['/private//a', '/private/a;v=1', '/private/a%2fb%252f', '/private/x/..%2fa'])
    expect([path, table.match('any', path)?.name]).toEqual([path, 'private']);
  for (const path of ['//a', '/a;private', '/a%2fprivate', '/privately;x', '/http://h/private'])
    expect([path, table.match('any', path)?.name]).toEqual([path, 'rest']);
});

test('a host with the dot of the root is the same host', () => {
  const table = routes([route('docs', '', ['docs.example.com', '*.wild.example']), route('rest', '')]);
  for (const host of ['docs.example.com.', 'docs.example.com.:8080', 'a.wild.example.'])
    expect([host, table.match(host, '/')?.name]).toEqual([host, 'docs']);
});

test('a star stands for any labels in front, and for at least one', () => {
  const table = routes([route('wild', '', ['*.example.com'])]);
  expect(table.match('a.b.example.com', '/')?.name).toBe('wild');
  expect(table.match('example.com', '/')).toBeNull();
  expect(table.match('notexample.com', '/')).toBeNull();
});

test('a tier asks by name', () => {
  expect(routes([route('npm', '/npm')]).named('npm')?.prefix).toBe('/npm');
  expect(routes([]).named('npm')).toBeNull();
});
