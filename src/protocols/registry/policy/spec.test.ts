import { describe, expect, test } from 'bun:test';
import { rangesOf, specOf } from './spec.ts';

const canonical = (name: string) => name.toLowerCase();

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
    expect(rangesOf([{ name: pattern, range: '1' }], canonical)(name)).toEqual(expected ? ['1'] : []);
  });

  test('the versions that any of the rules names', () => {
    const specs = ['left@1', '@acme/*', 'left@2', 'right'].map(specOf);
    expect(rangesOf(specs, canonical)('left')).toEqual(['1', '2']);
    expect(rangesOf(specs, canonical)('@acme/ui')).toEqual(['*']);
    expect(rangesOf(specs, canonical)('middle')).toEqual([]);
  });
});
