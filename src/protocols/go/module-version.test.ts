import { describe, expect, test } from 'bun:test';
import { fitsModule, isCanonicalVersion, isPseudoVersion, latestOf } from './module-version.ts';

describe('a version of a module', () => {
  test('that is canonical is one for good', () => {
    for (const version of ['v1.0.0', 'v2.0.0+incompatible', 'v0.0.0-20200101000000-abcdefabcdef'])
      expect(isCanonicalVersion(version)).toBe(true);
    for (const version of ['1.0.0', 'v1', 'master', 'v1.0.0+meta', 'v01.0.0'])
      expect(isCanonicalVersion(version)).toBe(false);
  });

  test('may be made of a commit', () => {
    for (const version of [
      'v0.0.0-20200101000000-abcdefabcdef',
      'v1.2.4-0.20200101000000-abcdefabcdef',
      'v1.2.4-rc.0.20200101000000-abcdefabcdef',
    ]) {
      expect(isPseudoVersion(version)).toBe(true);
    }
    for (const version of ['v1.0.0', 'v1.0.0-rc.1', 'v1.2.4-20200101000000-abcdefabcdef'])
      expect(isPseudoVersion(version)).toBe(false);
  });

  test('fits the major version that the path of its module says', () => {
    for (const [version, module] of [
      ['v1.0.0', 'example.com/m'],
      ['v0.9.0', 'example.com/m'],
      ['v2.0.0+incompatible', 'example.com/m'],
      ['v2.1.0', 'example.com/m/v2'],
      ['v3.0.0', 'gopkg.in/yaml.v3'],
    ] as const) {
      expect([version, module, fitsModule(version, module)]).toEqual([version, module, true]);
    }
    for (const [version, module] of [
      ['v2.0.0', 'example.com/m'],
      ['v1.0.0', 'example.com/m/v2'],
      ['v2.0.0', 'gopkg.in/yaml.v3'],
    ] as const) {
      expect([version, module, fitsModule(version, module)]).toEqual([version, module, false]);
    }
  });
});

describe('the latest version', () => {
  test('is the highest release, or else the highest of the others', () => {
    expect(latestOf(['v1.0.0', 'v1.1.0', 'v1.2.0-rc.1'])).toBe('v1.1.0');
    expect(latestOf(['v0.0.0-20200101000000-abcdefabcdef', 'v0.0.0-rc.1'])).toBe('v0.0.0-rc.1');
    expect(latestOf([])).toBeNull();
  });
});
