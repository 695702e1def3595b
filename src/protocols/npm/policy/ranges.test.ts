import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { allows, forbids } from './ranges.ts';

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
