import { describe, expect, test } from 'bun:test';
import { lowerVersion, normalised } from './name.ts';
import { NuspecError, readNuspec } from './nuspec.ts';
import { type Entry, pagesOf, timeIn, writeIndex } from './registration.ts';

const read = (xml: string) => readNuspec(new Uint8Array(Buffer.from(xml)));
const metadata = (more: string) =>
  `<package><metadata><id>Acme.Ui</id><version>1.2</version>${more}</metadata></package>`;

describe('a manifest', () => {
  test('says what it needs, by framework or for all', () => {
    expect(
      read(metadata('<dependencies><dependency id="A" version="1.0"/><dependency id="B"/></dependencies>'))
        .groups,
    ).toEqual([
      {
        dependencies: [
          { id: 'A', range: '[1.0.0, )' },
          { id: 'B', range: '(, )' },
        ],
      },
    ]);
    const groups =
      '<group targetFramework="net8.0"><dependency id="A" version="[1.0,2.0)"/></group><group targetFramework="net6.0"/>';
    expect(read(metadata(`<dependencies>${groups}</dependencies>`)).groups).toEqual([
      { targetFramework: 'net8.0', dependencies: [{ id: 'A', range: '[1.0,2.0)' }] },
      { targetFramework: 'net6.0', dependencies: [] },
    ]);
    expect(read(metadata('')).groups).toEqual([]);
  });

  test('is refused with what cannot be', () => {
    expect(() => read(metadata('').replace('Acme.Ui', 'Acme/Ui'))).toThrow(NuspecError);
    expect(() => read(metadata('').replace('1.2', '1.2.x'))).toThrow('version that is none');
    expect(() => read(metadata('<dependencies><dependency id="../A"/></dependencies>'))).toThrow(
      'cannot be a package',
    );
    expect(() => read('<!DOCTYPE a [<!ENTITY x "y">]><package/>')).toThrow('document type');
  });
});

describe('versions', () => {
  const spelt: Record<string, string | null> = {
    ...{
      '1.0.0.0': '1.0.0',
      '1.00': '1.0.0',
      '1': '1.0.0',
      '1.0.01.2': '1.0.1.2',
      '1.0.0-Beta.1+build': '1.0.0-Beta.1',
    },
    ...{ '1.0.0.0.0': null, 'a.b': null, '': null, '1.0.0-': null, '1..0': null, '../1': null },
  };
  for (const [text, same] of Object.entries(spelt))
    test(`${text || 'nothing'} is ${same}`, () => expect(normalised(text)).toBe(same));
  test('are in lower case in addresses', () => expect(lowerVersion('1.0-RC1')).toBe('1.0.0-rc1'));
});

describe('a registration', () => {
  const entries = (count: number): Entry[] =>
    Array.from({ length: count }, (_, at) => ({ id: 'A', version: `1.${count - at}.0` }));

  test('is in pages of 64, in order', () => {
    expect(pagesOf(entries(130)).map(({ lower, upper, count }) => [lower, upper, count])).toEqual([
      ['1.1.0', '1.64.0', 64],
      ['1.65.0', '1.128.0', 64],
      ['1.129.0', '1.130.0', 2],
    ]);
  });

  test('holds no address of an upstream', () => {
    const entry = {
      ...{
        id: 'A',
        version: '1.0.0',
        '@id': 'https://there.example/a',
        packageContent: 'https://there.example/b',
      },
      deprecation: { '@id': 'https://there.example/c', reasons: ['Legacy'] },
      dependencyGroups: [
        {
          '@id': 'https://there.example/d',
          dependencies: [{ '@id': 'x', id: 'B', registration: 'https://there.example/e' }],
        },
      ],
    };
    const written = writeIndex('a', pagesOf([entry]));
    expect(written).not.toContain('there.example');
    expect(JSON.parse(written).items[0].items[0].catalogEntry).toMatchObject({
      deprecation: { reasons: ['Legacy'] },
    });
  });

  test('says 1900 of what is off the lists, which is no time', () => {
    expect([timeIn('1900-01-01T00:00:00Z'), timeIn('nonsense'), timeIn('2026-01-01T00:00:00Z')]).toEqual([
      null,
      null,
      Date.UTC(2026, 0, 1),
    ]);
  });
});
