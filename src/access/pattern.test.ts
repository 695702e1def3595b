import { describe, expect, test } from 'bun:test';
import { nameTest } from './pattern.ts';

describe('a name', () => {
  const cases: readonly (readonly [pattern: string, name: string, matches: boolean])[] = [
    ['*', '@acme/ui', true],
    ['*', '', true],
    ['lodash', 'lodash', true],
    ['lodash', 'lodash-es', false],
    ['@acme/*', '@acme/ui', true],
    ['@acme/*', '@acme', false],
    ['@acme/*', '@acme-evil/ui', false],
    ['*-internal', 'ui-internal', true],
    ['*-internal', 'ui-internal-x', false],
    ['@acme/*-plugin', '@acme/a-plugin', true],
    ['@acme/*-plugin', '@acme/-plugin', true],
    ['ab*ba', 'aba', false],
    ['ab*ba', 'abba', true],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['a*bc*c', 'abc', false],
    ['a.c', 'abc', false],
  ];
  for (const [pattern, name, matches] of cases)
    test(`${matches ? 'matches' : 'does not match'} ${pattern}: "${name}"`, () =>
      expect(nameTest([pattern])(name)).toBe(matches));

  test('needs one pattern of several to match', () => {
    const anyOf = nameTest(['lodash', '@acme/*']);
    expect(['lodash', '@acme/ui', 'react'].map(anyOf)).toEqual([true, true, false]);
  });

  test('matches none of no patterns', () => expect(nameTest([])('lodash')).toBe(false));
});
