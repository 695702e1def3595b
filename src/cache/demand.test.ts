import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { demand } from './demand.ts';

test('requests are counted for as long as they keep coming', () => {
  const clock = virtualClock();
  const asked = demand(clock, 10);
  expect(asked.lately('a')).toBe(0);
  for (let request = 0; request < 3; request++) {
    asked.note('a');
    clock.advance(59_000);
  }
  expect([asked.lately('a'), asked.lately('b')]).toEqual([3, 0]);
  clock.advance(1_000);
  expect(asked.lately('a')).toBe(0);
});

test('beyond the limit, a key takes the place of another, and none has more requests than came for it', () => {
  const asked = demand(virtualClock(), 8);
  for (let key = 0; key < 100; key++) {
    asked.note(`key ${key}`);
    asked.note(`key ${key}`);
    expect(asked.lately(`key ${key}`)).toBe(2);
  }
  const counted = Array.from({ length: 100 }, (_, key) => asked.lately(`key ${key}`));
  expect(counted.filter((count) => count > 0)).toHaveLength(8);
  expect(Math.max(...counted)).toBe(2);
});
