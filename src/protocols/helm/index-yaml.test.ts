/** Indexes of chart repositories, read and written: good and bad. */
import { describe, expect, test } from 'bun:test';
import { type ChartVersion, chartsIn, findChart, indexWriter, readIndex } from './index-yaml.ts';
import { fileAddress, isChartName, locate } from './path.ts';

const digest = 'ab'.repeat(32);
const chart = (name: string, version = '1.0.0', more = '') =>
  `  ${name}:\n  - name: ${name}\n    version: ${version}\n    digest: ${digest}\n    urls:\n    - ${name}-${version}.tgz\n${more}`;
const indexOf = (...charts: readonly string[]) =>
  `apiVersion: v1\nentries:\n${charts.join('')}generated: now\n`;

async function read(text: string | Uint8Array): Promise<readonly ChartVersion[]> {
  const all: ChartVersion[] = [];
  for await (const versions of readIndex(Buffer.from(text))) all.push(...versions);
  return all;
}

describe('an index', () => {
  test('is read as helm writes it, and in any other form', async () => {
    const text = indexOf(
      chart(
        'a',
        '1.0.0',
        '    appVersion: 1.10\n    description: |-\n      *bold* & more\n\n      # no comment\n',
      ),
      chart('b'),
    );
    const versions = await read(text);
    expect(versions.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(versions[0]).toMatchObject({
      appVersion: '1.1',
      description: '*bold* & more\n\n# no comment',
      digest,
    });
    expect(await read(JSON.stringify(Bun.YAML.parse(text)))).toEqual([...versions]);
    expect(await read('apiVersion: v1\nentries: {}\n')).toEqual([]);
    expect(
      await read('apiVersion: v1\nentries:\n    deep:\n    - {name: deep, version: 1.0.0, urls: [x.tgz]}\n'),
    ).toHaveLength(1);
  });

  test('is written so that one chart is found without the others, and as YAML', async () => {
    const writer = indexWriter({ serverInfo: { contextPath: '/x' } });
    const versions = await read(
      indexOf(chart('a', '1.0.0', '    description: "del \\x7f, \\u2028"\n'), chart('a-b')),
    );
    for (const one of versions) writer.chart(one.name, [one]);
    const bytes = writer.end();
    expect(findChart(bytes, 'a')).toEqual(versions.slice(0, 1));
    expect(findChart(bytes, 'b')).toEqual([]);
    const names: string[] = [];
    for await (const [name] of chartsIn(bytes)) names.push(name);
    expect(names).toEqual(['a', 'a-b']);
    expect(Bun.YAML.parse(Buffer.from(bytes).toString())).toMatchObject({
      apiVersion: 'v1',
      serverInfo: { contextPath: '/x' },
    });
    expect(Buffer.from(bytes).toString()).not.toMatch(/[\x7f\u2028]/);
  });

  test('leaves out what could not be asked for', async () => {
    const bad = [
      '  "../x":\n  - {name: "../x", version: 1.0.0, urls: [a.tgz]}\n',
      '  other:\n  - {name: another, version: 1.0.0, urls: [a.tgz]}\n',
      '  versionless:\n  - {name: versionless, urls: [a.tgz]}\n',
      '  nowhere:\n  - {name: nowhere, version: 1.0.0, urls: []}\n',
      '  odd:\n  - {name: odd, version: "1/../2", urls: [a.tgz]}\n  - 7\n  - null\n',
      '  number: 7\n',
      '  good:\n  - {name: good, version: 1.0.0, urls: [a.tgz], digest: "sha256:xyz"}\n',
    ];
    const found = await read(indexOf(...bad));
    expect(found.map(({ name, digest: its }) => [name, its])).toEqual([['good', 'sha256:xyz']]);
  });

  test.each([
    ['a page', '<html>\n', 'no map'],
    ['of another version', indexOf(chart('a')).replace('v1', 'v2'), 'apiVersion v1'],
    ['no text', new Uint8Array([0xff, 0xfe]), 'not UTF-8'],
    ['broken', indexOf('  a: [\n'), 'YAML'],
    ['nested too deeply', indexOf(`  a: ${'['.repeat(100)}${']'.repeat(100)}\n`), 'nested too deeply'],
    ['very deep', indexOf(`  a: ${'['.repeat(100_000)}\n`), ''],
    [
      'of aliases',
      indexOf('  a: &x\n  - {name: a, version: 1.0.0, urls: [a.tgz], keywords: &k [1], sources: *k}\n'),
      'aliases',
    ],
    ['a bomb', `apiVersion: v1\n${bomb()}entries: {}\n`, ''],
    [
      'long, and not as helm writes it',
      `{"apiVersion":"v1","x":"${'y'.repeat(9_000_000)}"}`,
      'not written as helm',
    ],
    ['a list', '- a\n', 'no map'],
  ])('that is %s is refused', async (_, text, why) => {
    await expect(read(text)).rejects.toThrow(why);
  });
});

describe('addresses', () => {
  test.each([
    ['/stable/charts/a-b/1.0.0-rc.1/a-b-1.0.0-rc.1.tgz', { name: 'a-b', version: '1.0.0-rc.1' }],
    ['/stable/charts/a-b-1.0.0-rc.1.tgz', { name: 'a-b', version: '1.0.0-rc.1' }],
    ['/stable/charts/a-1.0.0%2Bx.tgz', { name: 'a', version: '1.0.0+x' }],
    ['/charts/a-v1.tgz', { name: 'a', version: 'v1' }],
  ])('%s is a chart', (address, expected) => {
    expect(locate(address)).toMatchObject({ what: { as: 'file', chart: expected } });
  });

  test('of what is none are absent or malformed', () => {
    for (const address of [
      '/stable/',
      '/stable/charts/a/1.0.0/b-1.0.0.tgz',
      '/stable/else',
      '/stable/api/charts/a/1.0.0/x',
    ])
      expect([address, locate(address)]).toEqual([address, null]);
    for (const address of [
      '/../x',
      '/%2e%2e/index.yaml',
      '/stable/charts/..%2fa-1.0.0.tgz',
      '/-/index.yaml',
      '/a%zz/index.yaml',
    ])
      expect([address, locate(address)]).toEqual([address, { malformed: expect.any(String) }]);
    expect(isChartName('a'.repeat(251))).toBeFalse();
    expect(fileAddress({ name: 'a', version: '1.0.0+x' })).toBe('charts/a/1.0.0%2Bx/a-1.0.0%2Bx.tgz');
  });
});

/** What repeats what repeats what …: some 10^9 words. */
function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let nth = 1; nth < 9; nth++)
    lines.push(
      `a${nth}: &a${nth} [${Array(10)
        .fill(`*a${nth - 1}`)
        .join(', ')}]`,
    );
  return `${lines.join('\n')}\n`;
}
