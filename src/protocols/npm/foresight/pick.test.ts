import { describe, expect, test } from 'bun:test';
import { makeChoices, readChoices } from './choices.ts';
import type { Tool } from './client.ts';
import { Picker, wishOf } from './pick.ts';

function pickerOf(versions: Record<string, object>, tags: Record<string, string> = {}): Picker {
  const text = makeChoices(JSON.parse(JSON.stringify({ name: 'left', 'dist-tags': tags, versions })));
  return new Picker(readChoices(new TextEncoder().encode(text)));
}

function picked(picker: Picker, range: string, tool: Tool = 'npm', node = '20.1.0'): string | null {
  const at = picker.pick(range, { tool, node });
  return at === null ? null : picker.choices.versions[at]![0];
}

describe('of several versions, an installer takes', () => {
  const many = pickerOf(
    { '1.0.0': {}, '1.1.0': {}, '1.2.0': {}, '2.0.0': {}, '2.1.0-rc.1': {} },
    { latest: '1.1.0', rc: '2.1.0-rc.1' },
  );

  test.each([
    ['^1.0.0', '1.1.0'],
    ['*', '1.1.0'],
    ['~1.2.0', '1.2.0'],
    ['^2.0.0', '2.0.0'],
    ['^2.1.0-rc.0', '2.1.0-rc.1'],
    ['rc', '2.1.0-rc.1'],
    ['=1.0.0', '1.0.0'],
    ['^3.0.0', null],
    ['1.0.0 || ^2.0.0', '2.0.0'],
  ])('for %s', (range, version) => {
    expect(picked(many, range)).toBe(version);
  });

  test('the highest, if it is yarn from its second version on', () => {
    expect(picked(many, '^1.0.0', 'berry')).toBe('1.2.0');
  });

  test('none that is deprecated, as long as there is another one', () => {
    const old = pickerOf({ '1.0.0': {}, '1.1.0': { deprecated: 'broken' } }, { latest: '1.1.0' });
    expect(picked(old, '^1.0.0')).toBe('1.0.0');
    expect(picked(old, '^1.1.0')).toBe('1.1.0');
    expect(picked(old, '^1.0.0', 'yarn')).toBe('1.1.0');
  });

  test('one that runs on its Node.js, if it is npm', () => {
    const engines = { engines: { node: '>=22' } };
    const newer = pickerOf({ '1.0.0': {}, '1.1.0': engines }, { latest: '1.1.0' });
    expect([picked(newer, '^1.0.0'), picked(newer, '^1.0.0', 'npm', '22.4.0')]).toEqual(['1.0.0', '1.1.0']);
    expect([picked(newer, '^1.0.0', 'yarn'), picked(newer, '^1.0.0', 'npm', '')]).toEqual(['1.1.0', '1.1.0']);
  });
});

test.each([
  ['left', '^1.0.0', { name: 'left', range: '^1.0.0' }],
  ['left', '', { name: 'left', range: '*' }],
  ['left', 'npm:@acme/right@^2.0.0', { name: '@acme/right', range: '^2.0.0' }],
  ['left', 'npm:right', { name: 'right', range: '*' }],
  ['left', 'npm:../right', null],
  ['left', 'git+https://example.com/left.git', null],
  ['left', 'someone/left', null],
  ['left', 'file:../left', null],
  ['../left', '^1.0.0', null],
])('%s in %p is a wish of a registry, or of none', (name, spec, wish) => {
  expect(wishOf(name, spec)).toEqual(wish);
});
