import { expect, test } from 'bun:test';
import { memoEntries, memoValueLength } from '../http/memo.ts';
import { byAddress } from './known-names.ts';

function counted() {
  const made: string[] = [];
  const name = byAddress((path, address) => {
    made.push(address + path);
    return { name: address + path };
  });
  return { made, name };
}

test('a path is read once for each address, and what was made of it is the same each time', () => {
  const { made, name } = counted();
  const first = name('/left', 'http://a');
  expect(name('/left', 'http://a')).toBe(first);
  expect(name('/left', 'http://b')).toEqual({ name: 'http://b/left' });
  expect(name('/left', 'http://a')).toBe(first);
  expect(made).toEqual(['http://a/left', 'http://b/left']);
});

test('neither paths nor addresses that somebody makes up are kept without bound', () => {
  const { made, name } = counted();
  const long = `/${'x'.repeat(memoValueLength)}`;
  for (let n = 0; n < 2; n++) name(long, 'http://a');
  expect(made.splice(0)).toHaveLength(2);
  name('/left', 'http://a');
  for (let n = 0; n < memoEntries; n++) name(`/made-up-${n}`, 'http://a');
  name('/left', 'http://a');
  expect(made.splice(0).filter((each) => each === 'http://a/left')).toHaveLength(2);
  for (let n = 0; n < 16; n++) name('/left', `http://made-up-${n}`);
  expect(name('/left', 'http://a')).toEqual({ name: 'http://a/left' });
  expect(made.splice(0).filter((each) => each === 'http://a/left')).toHaveLength(1);
});
