import { describe, expect, test } from 'bun:test';
import { nameMatcher } from './patterns.ts';

const lower = (name: string) => name.toLowerCase().replaceAll(/[-_.]+/g, '-');
/** As a tree of files writes its paths: nothing before the first segment. */
const path = (name: string) => encodeURI(name.replace(/^\//, ''));

describe('a pattern of names', () => {
  test.each([
    ['Acme_Tool', 'acme-tool', true],
    ['Acme_Tool', 'acme-tools', false],
    ['Acme_*', 'acme-tool', true],
    ['Acme.*', 'acme-tool', true],
    ['ACME-*', 'acme', false],
    ['*_Internal', 'any-internal', true],
    ['*', 'anything', true],
    ['a*b*c', 'a-x-b-y-c', true],
    ['a*b*c', 'a-x-c', false],
    ['a+b', 'aab', false],
  ])('%s, of %s: %p', (pattern, name, takes) => {
    expect(nameMatcher([pattern], lower)(name)).toBe(takes);
  });

  test('is read as a whole: a piece of it need not be a name', () => {
    expect(nameMatcher(['team*/x y'], path)('team-a/x%20y')).toBe(true);
    expect(nameMatcher(['team*/x'], path)('teamx')).toBe(false);
  });

  test('takes in nothing where there is none', () => {
    expect(nameMatcher([], lower)('anything')).toBe(false);
    expect(nameMatcher([''], lower)('anything')).toBe(false);
  });

  test('takes time in proportion to the name', () => {
    const takes = nameMatcher([`${'*a'.repeat(200)}*b`], lower);
    expect(takes('a'.repeat(100_000))).toBe(false);
  });
});
