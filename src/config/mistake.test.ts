import { describe, expect, test } from 'bun:test';
import { describe as describeValue, formatMistake, formatPath } from './mistake.ts';

test('a mistake is one line', () => {
  const mistake = { path: 'nodes.a.url', expected: 'a URL', found: '5' };
  expect(formatMistake(mistake)).toBe('nodes.a.url: expected a URL, found 5');
  expect(formatMistake({ ...mistake, hint: 'Did you mean 6?' })).toBe(
    'nodes.a.url: expected a URL, found 5. Did you mean 6?',
  );
  expect(formatMistake({ ...mistake, path: '' })).toBe('expected a URL, found 5');
});

test('a path reads like code', () => {
  expect(formatPath(['routes', 1, 'npm', 'upstreams', 0])).toBe('routes[1].npm.upstreams[0]');
  expect(formatPath(['nodes', 'pop-a', 'listen'])).toBe('nodes.pop-a.listen');
  expect(formatPath(['nodes', 'a b', 'listen'])).toBe('nodes["a b"].listen');
  expect(formatPath([])).toBe('');
});

describe('what was found', () => {
  test.each([
    [undefined, 'nothing'],
    [null, 'null'],
    [5, '5'],
    [true, 'true'],
    ['text', "'text'"],
    [[], 'an empty list'],
    [[1, 2], 'a list of 2'],
    [{}, 'an empty object'],
    [{ a: 1, b: 2 }, 'an object with a, b'],
    [() => 1, 'a function'],
    ['x'.repeat(100), `'${'x'.repeat(80)}…'`],
    ['line\nbreak\u001b[31m\u202e', "'line�break�[31m�'"],
    ['https://user:pass@host/', "'https://…@host/'"],
  ])('%p is described as %p', (value, expected) => expect(describeValue(value)).toBe(expected));

  test('is never a credential', () => {
    expect(describeValue('hunter2', ['secret'])).toBe('text of 7 characters');
    expect(describeValue('hunter2', ['routes', 0, 'web', 'authorization'])).toBe('text of 7 characters');
    expect(describeValue(12345, ['secret'])).toBe('a number');
    expect(describeValue(['hunter2'], ['secret'])).toBe('a list of 1');
  });
});
