import { expect, test } from 'bun:test';
import { openMonthClock } from './clock.ts';

test('what becomes due while time is skipped runs once, in order, but for what was cancelled', () => {
  const clock = openMonthClock(1_000_000, 1);
  const ran: string[] = [];
  clock.after(3_000_000, () => ran.push('third'));
  clock.after(1_000_000, () => ran.push('first'));
  clock.after(2_000_000, () => ran.push('never'))();
  clock.after(1_500_000, () => {
    ran.push('second');
    clock.after(500_000, () => ran.push('much later'));
  });
  clock.skip(900_000);
  expect(ran).toEqual([]);
  clock.skip(2_200_000);
  expect(ran).toEqual(['first', 'second', 'third']);
  expect(clock.now()).toBeGreaterThanOrEqual(4_100_000);
  clock.close();
});

test('says the time in whole milliseconds', () => {
  const clock = openMonthClock(0, 7.3);
  clock.skip(0.5);
  expect(Number.isInteger(clock.now())).toBe(true);
  clock.close();
});
