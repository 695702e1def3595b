import { describe, expect, test } from 'bun:test';
import { XmlError } from '../registry/xml.ts';
import {
  readBuilds,
  readMetadata,
  stampAt,
  unite,
  uniteBuilds,
  writeBuilds,
  writeMetadata,
} from './metadata.ts';

const lib = { group: 'com.acme', artifact: 'lib' };
const bytesOf = (text: string) => new TextEncoder().encode(text);

function listOf(versions: readonly string[], lastUpdated = '20260101000000', of = lib): Uint8Array {
  const said = versions.map((version) => `<version>${version}</version>`).join('');
  return bytesOf(
    `<metadata><groupId>${of.group}</groupId><artifactId>${of.artifact}</artifactId><versioning>
      <release>whatever</release><versions>${said}</versions><lastUpdated>${lastUpdated}</lastUpdated>
    </versioning></metadata>`,
  );
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof XmlError) return error.message;
    throw error;
  }
  return 'read';
}

describe('lists of versions', () => {
  test('of several remotes become one: every version once, in the order of Maven, with the newest of each kind', () => {
    const all = [
      readMetadata(listOf(['1.10', '1.9', '2.0-SNAPSHOT']), lib),
      readMetadata(listOf(['1.9', '1.10-rc1', '1.2'], '20260301000000'), lib),
    ];
    const text = writeMetadata(lib, unite(all)) ?? '';
    const back = readMetadata(bytesOf(text), lib);
    expect(back.versions).toEqual(['1.2', '1.9', '1.10-rc1', '1.10', '2.0-SNAPSHOT']);
    expect(back.lastUpdated).toBe('20260301000000');
    expect(text).toContain('<latest>2.0-SNAPSHOT</latest>');
    expect(text).toContain('<release>1.10</release>');
  });

  test('are the same bytes whichever remote says what', () => {
    const [a, b] = [listOf(['1.0', '2.0']), listOf(['3.0', '1.0'], '20260301000000')];
    const forth = writeMetadata(lib, unite([readMetadata(a, lib), readMetadata(b, lib)]));
    const back = writeMetadata(lib, unite([readMetadata(b, lib), readMetadata(a, lib)]));
    expect(forth).toBe(back);
  });

  test('of a group name its plugins, by prefix, the first remote first', () => {
    const plugin = (prefix: string, artifact: string) =>
      `<plugin><name>N &amp; M</name><prefix>${prefix}</prefix><artifactId>${artifact}</artifactId></plugin>`;
    const of = (...plugins: string[]) =>
      readMetadata(bytesOf(`<metadata><plugins>${plugins.join('')}</plugins></metadata>`), lib);
    const text = writeMetadata(
      lib,
      unite([of(plugin('b', 'b-maven-plugin')), of(plugin('b', 'evil'), plugin('a', 'a-plugin'))]),
    );
    expect(readMetadata(bytesOf(text ?? ''), lib).plugins).toEqual([
      { name: 'N & M', prefix: 'a', artifact: 'a-plugin' },
      { name: 'N & M', prefix: 'b', artifact: 'b-maven-plugin' },
    ]);
    expect(text).not.toContain('versioning');
  });

  test('leave out what no version can be, and are none where nothing is left', () => {
    expect(readMetadata(listOf(['1.0', '${revision}', '../2', '']), lib).versions).toEqual(['1.0']);
    expect(writeMetadata(lib, unite([]))).toBeNull();
  });
});

describe('lists of builds', () => {
  const folder = '1.1-SNAPSHOT';
  const buildsOf = (number: number, ...files: [extension: string, number: number][]) =>
    readBuilds(
      bytesOf(
        `<metadata modelVersion="1.1.0"><groupId>com.acme</groupId><artifactId>lib</artifactId><version>${folder}</version><versioning>
          <snapshot><timestamp>20260102.03040${number}</timestamp><buildNumber>${number}</buildNumber></snapshot>
          <lastUpdated>2026010203040${number}</lastUpdated><snapshotVersions>${files
            .map(
              ([extension, build]) =>
                `<snapshotVersion><extension>${extension}</extension><value>1.1-20260102.03040${build}-${build}</value><updated>2026010203040${build}</updated></snapshotVersion>`,
            )
            .join('')}</snapshotVersions></versioning></metadata>`,
      ),
      lib,
      folder,
    );

  test('become one with the newest build of each file', () => {
    const one = uniteBuilds([
      buildsOf(2, ['jar', 2], ['pom', 2]),
      buildsOf(5, ['jar', 5]),
      buildsOf(3, ['pom', 1]),
    ]);
    expect(one.newest).toEqual({ timestamp: '20260102.030405', number: 5 });
    expect(one.files.map(({ extension, version }) => `${extension} ${version}`)).toEqual([
      'jar 1.1-20260102.030405-5',
      'pom 1.1-20260102.030402-2',
    ]);
    expect(readBuilds(bytesOf(writeBuilds(lib, folder, one)), lib, folder)).toEqual(one);
  });

  test('of another version are refused', () => {
    const text = writeBuilds(lib, '1.2-SNAPSHOT', uniteBuilds([]));
    expect(refusal(() => readBuilds(bytesOf(text), lib, folder))).toBe(
      'is of version 1.2-SNAPSHOT, not of 1.1-SNAPSHOT',
    );
  });
});

describe('metadata that is refused', () => {
  test('is of another artifact, or none at all', () => {
    const other = listOf(['1.0'], undefined, { group: 'com.evil', artifact: 'lib' });
    expect(refusal(() => readMetadata(other, lib))).toBe('is of com.evil:lib, not of com.acme:lib');
    expect(refusal(() => readMetadata(bytesOf('<html/>'), lib))).toContain('<html> as its root element');
    expect(refusal(() => readMetadata(bytesOf('<metadata>'), lib))).toContain('ends before </metadata>');
    expect(refusal(() => readMetadata(bytesOf('not found'), lib))).toContain('text outside');
    expect(
      refusal(() => readMetadata(bytesOf('<metadata><plugins><plugin/></plugins></metadata>'), lib)),
    ).toContain('a plugin without a prefix');
  });

  test('is a bomb', () => {
    const bomb =
      '<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><metadata><groupId>&b;</groupId></metadata>';
    expect(refusal(() => readMetadata(bytesOf(bomb), lib))).toContain('document type');
    const deep = `<metadata>${'<versioning>'.repeat(1000)}`;
    expect(refusal(() => readMetadata(bytesOf(deep), lib))).toContain('more than 16 deep');
    const many = `<metadata>${'<a/>'.repeat(300_000)}</metadata>`;
    expect(refusal(() => readMetadata(bytesOf(many), lib))).toContain('more than 200000 elements');
  });
});

test('times are written as Maven writes them', () => {
  expect(stampAt(Date.UTC(2026, 0, 2, 3, 4, 5, 678))).toBe('20260102030405');
});
