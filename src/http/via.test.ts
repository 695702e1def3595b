import { expect, test } from 'bun:test';
import { appendVia } from './via.ts';

test('an intermediary adds itself behind those before it', () => {
  expect(appendVia(null, '1.1', 'pop-1')).toBe('1.1 pop-1');
  expect(appendVia('', '2', 'pop-1')).toBe('2 pop-1');
  expect(appendVia('1.0 fred, 1.1 p.example.net', '2', 'pop-1')).toBe('1.0 fred, 1.1 p.example.net, 2 pop-1');
});
