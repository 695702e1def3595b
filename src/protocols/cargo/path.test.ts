import { describe, expect, test } from 'bun:test';
import { cratePathOf, readCargoPath } from './path.ts';

describe('an address of a registry of crates', () => {
  test('is the index of a crate by the first letters of its name', () => {
    const paths = {
      a: '/1/a',
      ab: '/2/ab',
      abc: '/3/a/abc',
      serde: '/se/rd/serde',
      'my-crate_x': '/my/-c/my-crate_x',
    };
    for (const [name, path] of Object.entries(paths))
      expect(readCargoPath(path)).toEqual({ of: 'index', name });
  });

  test('does not tell cases apart', () => {
    expect(readCargoPath('/Se/rd/Serde')).toEqual({ of: 'index', name: 'serde' });
    expect(readCargoPath('/api/v1/crates/Serde/1.0.0/download')).toEqual({
      of: 'crate',
      name: 'serde',
      version: '1.0.0',
    });
  });

  test('is a file, or something to be done', () => {
    expect(readCargoPath(`/${cratePathOf('serde', '1.0.0+a')}`)).toEqual({
      of: 'crate',
      name: 'serde',
      version: '1.0.0+a',
    });
    expect(readCargoPath('/config.json')).toEqual({ of: 'config' });
    expect(readCargoPath('/api/v1/crates')).toEqual({ of: 'search' });
    expect(readCargoPath('/api/v1/crates/new')).toEqual({ of: 'new' });
    expect(readCargoPath('/api/v1/crates/serde/owners')).toEqual({ of: 'owners', name: 'serde' });
    expect(readCargoPath('/api/v1/crates/serde/1.0.0/yank')).toEqual({
      of: 'yank',
      name: 'serde',
      version: '1.0.0',
    });
  });

  test('that no crate can have is asked for nowhere', () => {
    const malformed = [
      ...[
        '/se/rd/..',
        '/se/rd/%2e%2e',
        '/se/rd/se%2frde',
        '/se/rd/se%00rde',
        '/se/rd/sérde',
        '/1/1',
        '/3/n/nul',
        '/se/rd/',
        '/-a/bc/-abc',
      ],
      ...[
        `/aa/aa/${'a'.repeat(65)}`,
        '/api/v1/crates/../x/download',
        '/api/v1/crates/serde/latest/download',
        '/api/v1/crates/serde/../download',
      ],
      ...['/api/v1/crates/serde/1.0/download', '/api/v1/crates/serde/1.0.0%2f..%2fx/download', '/se/rd/%zz'],
    ];
    for (const path of malformed)
      expect([path, Object.keys(readCargoPath(path))]).toEqual([path, ['malformed']]);
    const absent = [
      '/',
      '/serde',
      '/se/serde',
      '/aa/bb/serde',
      '/3/b/abc',
      '/se/rd/serde/x',
      '/api/v1/crates/serde',
      '/api/v1/crates/serde/1.0.0/x',
    ];
    for (const path of absent) expect([path, Object.keys(readCargoPath(path))]).toEqual([path, ['absent']]);
  });
});
