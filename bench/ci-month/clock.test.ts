import { expect, test } from 'bun:test';
import { openMonthClock } from './clock.ts';

test('what becomes due while time is skipped runs once, in order, but for what was cancelled', () => {
  const clock = openMonthClock(1_000_000);
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
  const clock = openMonthClock(0);
  clock.skip(0.5);
  expect(Number.isInteger(clock.now())).toBe(true);
  clock.close();
});

test('a journey is over as soon as nobody looks at the clock, and no other wait is', async () => {
  const clock = openMonthClock(0);
  const { promise, resolve } = Promise.withResolvers<number>();
  let hasWaited = false;
  clock.after(3_700_000, () => {
    hasWaited = true;
  });
  clock.journeys.after(3_600_000, () => resolve(clock.now()));
  expect(await promise).toBeGreaterThanOrEqual(3_600_000);
  expect(hasWaited).toBe(false);
  clock.close();
});

test('what dozes notices a skip when time passes again, or after an hour', async () => {
  const clock = openMonthClock(0);
  const ran: number[] = [];
  const again = () => {
    ran.push(clock.now());
    clock.dozing.after(60_000, again);
  };
  clock.skip(3_600_000);
  clock.dozing.after(60_000, again);
  clock.skip(600_000);
  clock.skip(600_000);
  expect(ran).toEqual([]);
  clock.skip(2_400_000);
  expect(ran).toHaveLength(1);
  clock.skip(600_000);
  const { promise, resolve } = Promise.withResolvers<void>();
  clock.after(100, resolve);
  await promise;
  expect(ran).toHaveLength(2);
  clock.close();
});

test('a process that is held up is not late', () => {
  const clock = openMonthClock(0);
  const beforeMs = clock.elapsed();
  const untilMs = performance.now() + 100;
  while (performance.now() < untilMs);
  expect(clock.elapsed() - beforeMs).toBeLessThan(50);
  clock.close();
});

test('is at rest when no journey is left, and nobody looks at it', async () => {
  const clock = openMonthClock(0);
  const { promise, resolve } = Promise.withResolvers<void>();
  const isAtRest = () => clock.isAtRest;
  clock.after(1_000, () => clock.journeys.after(50, resolve));
  clock.skip(2_000);
  expect(isAtRest()).toBe(false);
  await promise;
  while (!isAtRest()) await Bun.sleep(1);
  clock.now();
  await Bun.sleep(2);
  expect(isAtRest()).toBe(false);
  clock.close();
});
