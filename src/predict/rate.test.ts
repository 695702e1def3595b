import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { openRate } from './rate.ts';

test('some may be done at once, and then only as many as the time allows, however long it was quiet', () => {
  const clock = virtualClock();
  const rate = openRate(clock, { perS: 2, burst: 3 });
  const taken = (times: number) =>
    Array.from({ length: times }, () => rate.take()).filter((may) => may).length;
  expect(taken(10)).toBe(3);
  clock.advance(400);
  expect(taken(10)).toBe(0);
  clock.advance(600);
  expect(taken(10)).toBe(2);
  clock.advance(3_600_000);
  expect(taken(10)).toBe(3);
});
