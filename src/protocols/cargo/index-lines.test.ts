import { describe, expect, test } from 'bun:test';
import { lineOf, readIndexLines, writeIndexLines } from './index-lines.ts';
import { downloadUrl, readUpstreamConfig } from './upstream-config.ts';

const cksum = 'a'.repeat(64);
const line = (vers: string, more = {}) =>
  JSON.stringify({ name: 'Serde', vers, deps: [], cksum, features: {}, yanked: false, ...more });
const read = (text: string) => readIndexLines(Buffer.from(text), 'serde');

describe('the index of a crate', () => {
  test('is passed on as it came', () => {
    const text = `${line('1.0.0', { v: 2, links: 'z', odd: [1] })}\n${line('1.0.1', { pubtime: '2026-01-02T03:04:05Z' })}\n`;
    expect(writeIndexLines(read(text))).toBe(text);
    expect(read(text).map(({ version, publishedMs }) => [version, publishedMs])).toEqual([
      ['1.0.0', null],
      ['1.0.1', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ]);
  });

  test('is without lines that cargo would not read', () => {
    const odd = ['{', '[]', '{"name":"serde"}', line('1.0'), line('1.0.0', { cksum: 'x' }), 'null'];
    expect(read([...odd, line('1.0.0')].join('\n'))).toHaveLength(1);
    expect(read('')).toEqual([]);
  });

  test('is refused where it is about something else', () => {
    expect(() => read(`${line('1.0.0')}\n${line('1.0.1', { name: 'other' })}`)).toThrow('about "other"');
    expect(() => read('<html></html>')).toThrow('no line that can be read');
    expect(() => read('{}\n'.repeat(100_001))).toThrow('more than');
  });

  test('has one line for a version, whatever it was built with', () => {
    expect(lineOf(read(line('1.0.0+a')), '1.0.0')?.version).toBe('1.0.0+a');
    expect(lineOf(read(line('1.0.0')), '1.0.1')).toBeNull();
  });
});

describe('the config.json of an upstream', () => {
  const config = (value: unknown) =>
    readUpstreamConfig(Buffer.from(JSON.stringify(value)), 'http://up/config.json');

  test('says where crates are, with markers or without', () => {
    const { downloads, api } = config({ dl: 'http://up/dl', api: 'http://up/' });
    expect(api).toBe('http://up');
    expect(downloadUrl(downloads, 'Ab', '1.0.0', cksum)).toBe('http://up/dl/Ab/1.0.0/download');
    const markers = 'http://up/{prefix}/{lowerprefix}/{crate}/{crate}-{version}.crate?sum={sha256-checksum}';
    expect(downloadUrl(config({ dl: markers }).downloads, 'SerDe', '1.0.0', cksum)).toBe(
      `http://up/Se/rD/se/rd/SerDe/SerDe-1.0.0.crate?sum=${cksum}`,
    );
  });

  test('is refused where it does not', () => {
    for (const value of [null, {}, { dl: 7 }, { dl: 'file:///etc' }, { dl: 'ftp://x' }])
      expect(() => config(value)).toThrow('does not say');
    expect(() => readUpstreamConfig(Buffer.from('<html>'), 'http://up')).toThrow('does not say');
  });
});
