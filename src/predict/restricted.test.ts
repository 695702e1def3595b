import { expect, test } from 'bun:test';
import { openRestricted } from './restricted.ts';

test('what is restricted is known until it turns out to be so no more, also after a restart', () => {
  const restricted = openRestricted();
  restricted.note('npm @acme/a', true);
  restricted.note('npm @acme/b', true);
  restricted.note('npm left-pad', false);
  restricted.note('npm @acme/b', false);
  const again = openRestricted();
  again.restore(restricted.rows());
  for (const each of [restricted, again])
    expect(['npm @acme/a', 'npm @acme/b', 'npm left-pad'].map(each.has)).toEqual([true, false, false]);
  expect(again.size).toBe(1);
});

test('what is met with stays, however many others there are', () => {
  const restricted = openRestricted();
  for (let nth = 0; nth < 20_000; nth++) {
    restricted.note('npm @acme/a', true);
    restricted.note(`npm @acme/${nth}`, true);
  }
  expect(restricted.has('npm @acme/a')).toBe(true);
  expect(restricted.has('npm @acme/0')).toBe(false);
  expect(restricted.size).toBe(16_384);
});

test('names cannot be read from what is kept', () => {
  const restricted = openRestricted();
  restricted.note('npm @acme/secret-plan', true);
  expect(restricted.rows().join()).toMatch(/^[0-9a-z]+$/);
});
