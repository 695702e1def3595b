import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { remember } from './remember.ts';

test('a note is forgotten after its time', () => {
  const clock = virtualClock();
  const notes = remember<string>(clock, 10);
  notes.note('a', 'one', 1000);
  clock.advance(999);
  expect(notes.get('a')).toBe('one');
  clock.advance(1);
  expect(notes.get('a')).toBeUndefined();
});

test('a new note takes the place of the old one, and its time', () => {
  const clock = virtualClock();
  const notes = remember<string>(clock, 10);
  notes.note('a', 'one', 1000);
  clock.advance(500);
  notes.note('a', 'two', 1000);
  clock.advance(999);
  expect(notes.get('a')).toBe('two');
  notes.forget('a');
  expect(notes.get('a')).toBeUndefined();
});

test('beyond the limit the oldest are forgotten', () => {
  const notes = remember<number>(virtualClock(), 3);
  for (let n = 0; n < 5; n++) notes.note(String(n), n, 1000);
  expect([0, 1, 2, 3, 4].filter((n) => notes.get(String(n)) !== undefined)).toEqual([2, 3, 4]);
});

test('long keys, which clients choose, count for several', () => {
  const notes = remember<number>(virtualClock(), 100);
  const key = (n: number) => `${n} `.padEnd(8000, 'x');
  for (let n = 0; n < 50; n++) notes.note(key(n), n, 1000);
  const kept = Array.from({ length: 50 }, (_, n) => n).filter((n) => notes.get(key(n)) !== undefined);
  expect(kept).toEqual([49]);
});

test('to forget the oldest takes no longer when many have been forgotten', () => {
  const limit = 65_536;
  const notes = remember<number>(virtualClock(), limit);
  let n = 0;
  const took = (count: number) => {
    const startedMs = performance.now();
    for (const end = n + count; n < end; n++) notes.note(`key ${n}`, n, 1000);
    return performance.now() - startedMs;
  };
  const whileThereIsRoomMs = took(limit);
  took(limit / 2);
  expect(took(limit)).toBeLessThan(10 * whileThereIsRoomMs + 100);
});
