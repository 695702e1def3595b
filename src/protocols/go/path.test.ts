import { describe, expect, test } from 'bun:test';
import { escaped, unescaped } from './escape.ts';
import { goPathOf, readGoPath } from './path.ts';

const read = (path: string) => readGoPath(path);

describe('an address of the GOPROXY protocol', () => {
  test('means a list, the latest version, or a file of a version', () => {
    const module = 'github.com/Azure/azure-sdk';
    const at = '/github.com/!azure/azure-sdk';
    expect(read(`${at}/@v/list`)).toEqual({ of: 'list', module });
    expect(read(`${at}/@latest`)).toEqual({ of: 'latest', module });
    for (const of of ['info', 'mod', 'zip'] as const) {
      expect(read(`${at}/@v/v1.0.0-!r!c1.${of}`)).toEqual({ of, module, version: 'v1.0.0-RC1' });
    }
    expect(read(`${at}/@v/v2.0.0+incompatible.zip`)).toEqual({
      of: 'zip',
      module,
      version: 'v2.0.0+incompatible',
    });
  });

  test('of what is no version may come to mean another one', () => {
    for (const version of ['master', 'v1', 'v1.2', '0123abc', 'v1.2.3+meta', 'latest']) {
      expect(read(`/example.com/m/@v/${version}.info`)).toEqual({
        of: 'query',
        module: 'example.com/m',
        version,
      });
      expect(read(`/example.com/m/@v/${version}.zip`)).toHaveProperty('absent');
    }
  });

  test('is written back as it was read', () => {
    const paths = [
      ...[
        'github.com/!burnt!sushi/toml/@v/list',
        'example.com/m/v2/@latest',
        'example.com/m/@v/v1.0.0+incompatible.zip',
      ],
      ...[
        'example.com/m/@v/master.info',
        'sumdb/sum.example.com/supported',
        'sumdb/sum.example.com/tile/8/0/x001/234.p/17',
      ],
      ...[
        'sumdb/sum.example.com/lookup/github.com/!azure/x@v1.0.0-!r!c1',
        'sumdb/sum.example.com/tile/8/data/001',
      ],
    ];
    for (const path of paths) {
      const address = read(`/${path}`);
      expect('of' in address && goPathOf(address)).toBe(path);
    }
  });

  test('that is spelt otherwise means the same', () => {
    expect(read('/example.com/m/@v/v1.0.0%2Bincompatible.zip')).toEqual(
      read('/example.com/m/@v/v1.0.0+incompatible.zip'),
    );
  });

  test('that the go command would never ask for is nobody else asked for', () => {
    const wrong = [
      ...[
        '/github.com/Azure/x/@v/list',
        '/github.com/!!azure/x/@v/list',
        '/github.com/azure!/@latest',
        '/github.com/!1/@latest',
      ],
      ...[
        '/../etc/passwd/@v/list',
        '/example.com/../../x/@v/list',
        '/example.com/%2e%2e/x/@v/list',
        '/example.com//m/@v/list',
      ],
      ...[
        '/example.com/.git/@v/list',
        '/example.com/con/@v/list',
        '/example.com/NUL.txt/@v/list',
        '/example.com/a~1/@v/list',
      ],
      ...[
        '/localhost/@v/list',
        '/-x.com/@v/list',
        '/exa_mple.com/@v/list',
        '/example.com/m./@v/list',
        '/example.com/a%00b/@v/list',
      ],
      ...[
        '/example.com/m/v1/@v/list',
        '/example.com/m/v02/@v/list',
        '/gopkg.in/yaml/@v/list',
        '/example.com/%ff/@v/list',
      ],
      ...[
        '/example.com/m/@v/v1.0.0%5C..zip',
        '/example.com/m/@v/..info',
        '/example.com/m/@v/V1.0.0.info',
        '/example.com/m/@v/a:b.info',
      ],
      ...[`/example.com/${'a'.repeat(600)}/@v/list`, `/example.com/m/@v/v1.0.0-${'a'.repeat(300)}.info`],
      ...[
        '/sumdb/sum.example.com/lookup/github.com/Azure/x@v1.0.0',
        '/sumdb/sum.example.com/lookup/x@v1.0.0',
      ],
    ];
    for (const path of wrong) expect([path, Object.keys(read(path))]).toEqual([path, ['malformed']]);
    const absent = [
      ...[
        '/',
        '/example.com/m',
        '/example.com/m/@v/',
        '/example.com/m/@v/v1.0.0',
        '/example.com/m/@v/v1.0.0.tar',
        '/example.com/m/@v/list/x',
      ],
      ...[
        '/sumdb/sum.example.com/tile/8/0/../../x',
        '/sumdb/sum.example.com/tile/8/0/1234',
        '/sumdb/sum.example.com/',
        '/sumdb/SUM/latest',
      ],
    ];
    for (const path of absent) expect([path, Object.keys(read(path))]).toEqual([path, ['absent']]);
  });
});

describe('escaping', () => {
  test('is undone', () => {
    for (const text of ['github.com/Azure/SDK', 'example.com/m', 'v1.0.0-RC.1'])
      expect(unescaped(escaped(text))).toBe(text);
  });
});
