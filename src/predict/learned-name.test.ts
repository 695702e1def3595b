import { expect, test } from 'bun:test';
import { foreseenOf, learnedName } from './learned-name.ts';

test.each([
  ['/npm/a', null, '*/*'],
  ['/npm/a', '*/*', '*/*'],
  ['/npm/@acme%2fa', 'application/json; q=1.0, */*', 'application/json; q=1.0, */*'],
])('what was asked for as %s with %p is foreseen with %p', (target, accept, expected) => {
  const name = learnedName('npm', target, accept);
  expect(name.startsWith('npm ')).toBe(true);
  expect(foreseenOf({ name, likelihood: 0.7 })).toEqual({ target, accept: expected, likelihood: 0.7 });
});
