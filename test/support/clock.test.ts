/** The clock that every other test leans on. */
import { expect, test } from 'bun:test';
import { virtualClock } from './clock.ts';

test('stands still until it is moved', () => {
  const clock = virtualClock(1_000);
  expect([clock.now(), clock.elapsed()]).toEqual([1_000, 0]);
  clock.advance(250);
  expect([clock.now(), clock.elapsed()]).toEqual([1_250, 250]);
});

test('runs what becomes due in the order of time, each task at its own time', () => {
  const clock = virtualClock(0);
  const ran: [string, number][] = [];
  const note = (name: string) => () => ran.push([name, clock.now()]);
  clock.after(20, note('second'));
  clock.after(10, note('first'));
  clock.after(20, note('third'));
  clock.after(31, note('not yet'));
  clock.advance(30);
  expect(ran).toEqual([
    ['first', 10],
    ['second', 20],
    ['third', 20],
  ]);
  expect(clock.waiting).toBe(1);
});

test('runs what a task starts, if that becomes due as well', () => {
  const clock = virtualClock(0);
  const ran: number[] = [];
  const tick = () => {
    ran.push(clock.now());
    clock.after(10, tick);
  };
  clock.after(10, tick);
  clock.advance(35);
  expect(ran).toEqual([10, 20, 30]);
});

test('can be set back, and durations do not notice', () => {
  const clock = virtualClock(10_000);
  clock.advance(100);
  clock.set(-5_000);
  expect([clock.now(), clock.elapsed()]).toEqual([5_100, 100]);
});

test('forgets what is cancelled', () => {
  const clock = virtualClock();
  let ran = false;
  const cancel = clock.after(10, () => {
    ran = true;
  });
  cancel();
  clock.advance(10);
  expect([ran, clock.waiting]).toEqual([false, 0]);
});
