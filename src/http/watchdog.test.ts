import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { watchdog } from './watchdog.ts';

function setUp() {
  const clock = virtualClock();
  let barks = 0;
  const dog = watchdog(clock, () => barks++);
  return { clock, dog, barks: () => barks };
}

test('expires when what is waited for does not come in time', () => {
  const { clock, dog, barks } = setUp();
  dog.wait(100);
  clock.advance(99);
  expect(barks()).toBe(0);
  clock.advance(1);
  expect(barks()).toBe(1);
});

test('does not expire while nothing is waited for', () => {
  const { clock, dog, barks } = setUp();
  dog.wait(100);
  clock.advance(50);
  dog.rest();
  clock.advance(1_000_000);
  expect(barks()).toBe(0);
});

test('counts each wait from its own beginning', () => {
  const { clock, dog, barks } = setUp();
  for (let chunk = 0; chunk < 100; chunk++) {
    dog.wait(100);
    clock.advance(90);
    dog.rest();
    clock.advance(500);
  }
  expect(barks()).toBe(0);
  dog.wait(100);
  clock.advance(100);
  expect(barks()).toBe(1);
});

test('takes a shorter wait as seriously as a longer one before it', () => {
  const { clock, dog, barks } = setUp();
  dog.wait(1_000);
  dog.wait(10);
  clock.advance(10);
  expect(barks()).toBe(1);
});

test('sets one timer for a thousand waits', () => {
  const clock = virtualClock();
  let timers = 0;
  const after = (ms: number, task: () => void) => {
    timers++;
    return clock.after(ms, task);
  };
  const dog = watchdog({ ...clock, after }, () => {});
  for (let chunk = 0; chunk < 1_000; chunk++) {
    dog.wait(60_000);
    clock.advance(1);
    dog.rest();
  }
  expect(timers).toBe(1);
  dog.stop();
});

test('expires once, and not at all once it is stopped', () => {
  const { clock, dog, barks } = setUp();
  dog.wait(10);
  clock.advance(1_000);
  dog.wait(10);
  clock.advance(1_000);
  expect(barks()).toBe(1);

  const second = setUp();
  second.dog.wait(10);
  second.dog.stop();
  second.clock.advance(1_000);
  expect(second.barks()).toBe(0);
  expect(second.clock.waiting).toBe(0);
});
