import { describe, expect, test } from 'bun:test';
import { memoEntries, memoise, memoValueLength } from './memo.ts';

function counted() {
  let calls = 0;
  const length = memoise((value) => {
    calls++;
    return { length: value.length };
  });
  return { length, calls: () => calls };
}

describe('a memoised function', () => {
  test('makes a result once', () => {
    const { length, calls } = counted();
    expect(length('abc')).toBe(length('abc'));
    expect(calls()).toBe(1);
  });

  test('keeps what is in use through a flood of other values', () => {
    const { length, calls } = counted();
    const kept = length('in use');
    for (let i = 0; i < 10 * memoEntries; i++) {
      length(`other ${i}`);
      expect(length('in use')).toBe(kept);
    }
    expect(calls()).toBe(10 * memoEntries + 1);
  });

  test('forgets what has not been asked for', () => {
    const { length, calls } = counted();
    length('once');
    for (let i = 0; i < memoEntries; i++) length(`other ${i}`);
    length('once');
    expect(calls()).toBe(memoEntries + 2);
  });

  test('does not keep a value beyond the length bound', () => {
    const { length, calls } = counted();
    const long = 'x'.repeat(memoValueLength + 1);
    expect(length(long)).toEqual(length(long));
    expect(calls()).toBe(2);
  });
});
