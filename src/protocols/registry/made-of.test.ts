import { expect, test } from 'bun:test';
import { madeOf } from './made-of.ts';

const document = (text: string) => Buffer.from(text);

test('what was made of a document is made anew when it has changed, or was forgotten', () => {
  const made: string[] = [];
  const lengthOf = madeOf((bytes) => {
    made.push(Buffer.from(bytes).toString());
    return bytes.length;
  }, 10);
  expect(lengthOf('a', document('1234'))).toBe(4);
  expect(lengthOf('a', document('1234'))).toBe(4);
  expect(made).toEqual(['1234']);
  expect(lengthOf('a', document('12345'))).toBe(5);
  lengthOf('b', document('67890'));
  lengthOf('a', document('12345'));
  expect(made).toEqual(['1234', '12345', '67890']);
  lengthOf('c', document('x'));
  lengthOf('a', document('12345'));
  lengthOf('b', document('67890'));
  expect(made).toEqual(['1234', '12345', '67890', 'x', '67890']);
});

test('what is longer than all that may be remembered is not', () => {
  let count = 0;
  const counted = madeOf(() => ++count, 3);
  counted('a', document('1234'));
  counted('a', document('1234'));
  expect(count).toBe(2);
});
