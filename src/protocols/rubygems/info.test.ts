import { describe, expect, test } from 'bun:test';
import { fullName, readFullName, readNumber } from './file-name.ts';
import { lineOf, readInfo, writeInfo } from './info.ts';

const sum = 'a'.repeat(64);

describe('lines of a gem', () => {
  test('are read as the registry writes them, of both formats', () => {
    const lines = readInfo(
      [
        '---',
        `1.16.0-x86_64-linux mini_portile2:~> 2.8.2,racc:~> 1.4|checksum:${sum},ruby:< 3.4.dev&>= 3.0,rubygems:>= 3.3.22`,
        `2.0.0 |checksum:${sum.toUpperCase()},created_at:2026-05-01T12:00:00Z`,
        '0.1 ',
        '',
      ].join('\n'),
    );
    expect(lines.map(({ text: _, ...rest }) => rest)).toEqual([
      {
        version: '1.16.0',
        platform: 'x86_64-linux',
        sha256: sum,
        createdMs: null,
        needs: ['mini_portile2', 'racc'],
      },
      { version: '2.0.0', platform: 'ruby', sha256: sum, createdMs: Date.UTC(2026, 4, 1, 12), needs: [] },
      { version: '0.1', platform: 'ruby', sha256: null, createdMs: null, needs: [] },
    ]);
  });

  test('that are none are left out', () => {
    expect(readInfo('---\n../../etc |checksum:x\n\n1.0/2 |\nnonsense\n')).toEqual([]);
  });

  test('are written as the registry writes them', () => {
    const facts = {
      ...{ version: '1.2.0', platform: 'java', sha256: sum, createdMs: Date.UTC(2026, 4, 1, 12, 0, 0, 500) },
      dependencies: [
        { name: 'thor', requirements: ['>= 1', '< 3'] },
        { name: 'rack', requirements: ['~> 2.0'] },
      ],
      ...{ ruby: ['>= 2.7', '< 4'], rubygems: ['>= 0'] },
    };
    const line = lineOf(facts);
    expect(line).toBe(
      `1.2.0-java rack:~> 2.0,thor:< 3&>= 1|checksum:${sum},ruby:< 4&>= 2.7,created_at:2026-05-01T12:00:00Z`,
    );
    expect(readInfo(writeInfo([line]))).toMatchObject([
      { version: '1.2.0', platform: 'java', needs: ['rack', 'thor'] },
    ]);
  });
});

describe('the name of a file', () => {
  const names: Record<string, readonly [string, string, string]> = {
    'rails-7.1.0': ['rails', '7.1.0', 'ruby'],
    'nokogiri-1.16.0-x86_64-linux': ['nokogiri', '1.16.0', 'x86_64-linux'],
    'nokogiri-1.11.0-x86_64-darwin-19': ['nokogiri', '1.11.0', 'x86_64-darwin-19'],
    'rails-5-compat-1.0': ['rails-5-compat', '1.0', 'ruby'],
    'win32-api-1.0.4-x86-mswin32-60': ['win32-api', '1.0.4', 'x86-mswin32-60'],
    'jruby-openssl-0.14.0-java': ['jruby-openssl', '0.14.0', 'java'],
    'a-1.0.0.pre.1': ['a', '1.0.0.pre.1', 'ruby'],
  };
  for (const [text, [name, version, platform]] of Object.entries(names)) {
    test(text, () => {
      expect(readFullName(text)).toEqual({ name, version, platform });
      expect(fullName({ name, version, platform })).toBe(text);
    });
  }

  test('is none without a version, and with what leads elsewhere', () => {
    for (const text of ['rails', 'rails-', '../x-1.0', 'a/b-1.0', '-1.0', '..-1.0', 'x-1.0-../y'])
      expect(readFullName(text)).toBeNull();
    expect(readNumber('1.0-')).toBeNull();
  });
});
