import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { allows, forbids, rangesOf, specOf } from './spec.ts';

describe('a rule is about', () => {
  test('a package, or versions of it, scoped or not', () => {
    expect(specOf('lodash')).toEqual({ name: 'lodash', range: '*' });
    expect(specOf('lodash@<4.17.21')).toEqual({ name: 'lodash', range: '<4.17.21' });
    expect(specOf('@acme/ui')).toEqual({ name: '@acme/ui', range: '*' });
    expect(specOf('@acme/ui@1.x || 3.0.0')).toEqual({ name: '@acme/ui', range: '1.x || 3.0.0' });
  });

  test.each([
    ['*', 'anything', true],
    ['@acme/*', '@acme/ui', true],
    ['@acme/*', '@acmee/ui', false],
    ['*-loader', 'css-loader', true],
    ['a*b*a', 'aba', true],
    ['a*b*a', 'aa', false],
    ['ab*ba', 'aba', false],
    ['lodash', 'lodash.merge', false],
    // Some registries take any case for the same name.
    ['JSONStream', 'jsonstream', true],
  ])('%s and %s: %p', (pattern, name, expected) => {
    expect(rangesOf([{ name: pattern, range: '1' }])(name)).toEqual(expected ? ['1'] : []);
  });

  test('the versions that any of the rules names', () => {
    const specs = ['left@1', '@acme/*', 'left@2', 'right'].map(specOf);
    expect(rangesOf(specs)('left')).toEqual(['1', '2']);
    expect(rangesOf(specs)('@acme/ui')).toEqual(['*']);
    expect(rangesOf(specs)('middle')).toEqual([]);
  });
});

describe('a pre-release', () => {
  test('is forbidden with its release, and allowed only by name', () => {
    expect(forbids('1.x', '1.5.0-beta.1')).toBe(true);
    expect(allows('1.x', '1.5.0-beta.1')).toBe(false);
    expect(forbids('<1.5.0', '1.4.9-rc.1')).toBe(true);
    expect(forbids('1.5.0-beta.1', '1.5.0-beta.1')).toBe(true);
    expect(allows('1.5.0-beta.1', '1.5.0-beta.1')).toBe(true);
    expect(forbids('1.5.0-beta.1', '1.5.0')).toBe(false);
  });
});

const version = fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20)).map((parts) => parts.join('.'));

test('an exact version means itself and no other release', () => {
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(forbids(a, b)).toBe(a === b);
      expect(allows(a, b)).toBe(a === b);
    }),
  );
});

test('what is allowed by a range is within what the same range forbids', () => {
  const range = fc
    .tuple(fc.constantFrom('<', '<=', '>', '>=', '^', '~', ''), version)
    .map((parts) => parts.join(''));
  const suffixed = fc.tuple(version, fc.constantFrom('', '-rc.1', '-0')).map((parts) => parts.join(''));
  fc.assert(
    fc.property(range, suffixed, (rule, tried) => {
      if (allows(rule, tried)) expect(forbids(rule, tried)).toBe(true);
    }),
  );
});

test('every version, also one that is no semver, is in a rule without a range', () => {
  fc.assert(fc.property(fc.string(), (any) => allows('*', any) && forbids('*', any)));
});
