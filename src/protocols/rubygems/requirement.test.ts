import { expect, test } from 'bun:test';
import { meets } from './requirement.ts';

test('requirements are met as RubyGems says', () => {
  const cases: readonly (readonly [version: string, requirement: string, isMet: boolean])[] = [
    ['1.7', '>= 1.6&< 2', true],
    ['2.0', '>= 1.6&< 2', false],
    ['1.9', '~> 1.4', true],
    ['2.0.0', '~> 1.4', false],
    ['2.0.0.rc1', '~> 1.4', false],
    ['1.4.9', '~> 1.4.2', true],
    ['1.5', '~> 1.4.2', false],
    ['7.0.0', '= 7.0', true],
    ['7.0.1', '= 7.0', false],
    ['1.0', '!= 1.0', false],
    ['1.0', '> 0.9', true],
    ['1.0', '<= 1', true],
    ['1.0', 'what', false],
  ];
  for (const [version, requirement, isMet] of cases)
    expect([version, requirement, meets(version, requirement)]).toEqual([version, requirement, isMet]);
});
