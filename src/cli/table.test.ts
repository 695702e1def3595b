import { expect, test } from 'bun:test';
import { table } from './table.ts';

test('columns are as wide as their longest cell, numbers to the right, nothing at the end of a line', () => {
  const text = table(['node', 'hits', 'state'], [['a', 5, 'up'], ['longer', 1234, ''], ['short row']]);
  expect(text).toBe('node       hits  state\na             5  up\nlonger     1234\nshort row\n');
});

test('wide characters take two columns', () => {
  expect(table(['a', 'b'], [['日本', 'x']])).toBe('a     b\n日本  x\n');
});
