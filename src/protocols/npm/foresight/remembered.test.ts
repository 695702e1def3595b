import { expect, test } from 'bun:test';
import { makeChoices } from './choices.ts';
import { openRemembered } from './remembered.ts';

const bytesOf = (name: string) =>
  new TextEncoder().encode(makeChoices({ name, versions: { '1.0.0': { name } } }));
const until = { untilMs: 100, asOf: 3 };
const always = () => true;

test('what is remembered is not read again before its time, nor after a purge of it', () => {
  const remembered = openRemembered(100_000);
  const picker = remembered.remember('left', '"a"', bytesOf('left'), until);
  expect(remembered.find('left', 99, always)).toBe(picker);
  expect(remembered.find('left', 100, always)).toBeNull();
  expect(remembered.find('left', 99, (since) => since > 3)).toBeNull();
  expect(remembered.find('right', 99, always)).toBeNull();
});

test('the same as before is not parsed again', () => {
  const remembered = openRemembered(100_000);
  const picker = remembered.remember('left', '"a"', bytesOf('left'), until);
  expect(remembered.remember('left', '"a"', new Uint8Array(), until)).toBe(picker);
  expect(remembered.remember('left', '"b"', bytesOf('left'), until)).not.toBe(picker);
});

test('what has not been used for the longest time goes first, and memory has a bound', () => {
  const remembered = openRemembered(3_000);
  for (const name of ['a', 'b', 'c']) {
    remembered.remember(name, '"1"', bytesOf(name), until);
    remembered.find('a', 0, always);
    expect(remembered.weight).toBeLessThanOrEqual(3_000);
  }
  expect(['a', 'b', 'c'].map((name) => remembered.find(name, 0, always) !== null)).toEqual([
    true,
    false,
    true,
  ]);
});
