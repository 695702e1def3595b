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

test('beyond the limit, the key asked for longest ago is forgotten', () => {
  const asked = demand(virtualClock(), 2);
  for (const key of ['a', 'b', 'a', 'c']) asked.note(key);
  expect([asked.lately('a'), asked.lately('b'), asked.lately('c')]).toEqual([2, 0, 1]);
});
