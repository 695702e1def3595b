import { describe, expect, test } from 'bun:test';
import { compareSemver, readSemver } from './semver.ts';

const read = (text: string) => {
  const version = readSemver(text);
  if (version === null) throw new Error(`${text} is no version`);
  return version;
};

describe('a semantic version', () => {
  test('is ordered as semver.org has it', () => {
    const ordered = [
      ...['0.0.1', '0.2.0', '0.10.0', '1.0.0-0', '1.0.0-1', '1.0.0-10', '1.0.0-alpha', '1.0.0-alpha.1'],
      ...['1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1', '1.0.0'],
      ...['99999999999999999999.0.0', '100000000000000000000.0.0'],
    ];
    const shuffled = ordered.toSorted((a, b) => (Bun.hash(a) < Bun.hash(b) ? -1 : 1));
    expect(shuffled.toSorted((a, b) => compareSemver(read(a), read(b)))).toEqual(ordered);
  });

  test('is the same whatever it was built with', () => {
    expect(compareSemver(read('1.0.0+a'), read('1.0.0+b.1'))).toBe(0);
  });

  test('is nothing else', () => {
    const others = [
      '',
      '1',
      '1.0',
      '1.0.0.0',
      '01.0.0',
      '1.0.0-',
      '1.0.0-01',
      '1.0.0+',
      'v1.0.0',
      '1.0.0 ',
      '1.0.0-a..b',
    ];
    for (const text of [...others, `1.0.0-${'a'.repeat(300)}`])
      expect([text, readSemver(text)]).toEqual([text, null]);
  });
});
