import { expect, test } from 'bun:test';
import { openQueueing } from './queueing.ts';

function tried(times: readonly number[]) {
  const queueing = openQueueing();
  for (const [at, each] of times.entries()) queueing.took(each, at * 30);
  return { queueing, nowMs: times.length * 30 };
}

test('what is queued is how much longer it takes than at best', () => {
  const { queueing, nowMs } = tried([65, 70, 105, 106, 107]);
  expect([queueing.leastMs(nowMs), queueing.delayMs(nowMs)]).toEqual([65, 40]);
});

test('one that took long, as a process was held up, does not count', () => {
  const { queueing, nowMs } = tried([65, 66, 300, 67]);
  expect(queueing.delayMs(nowMs)).toBe(1);
});

test('nothing is known before it was tried a few times, and when that is long ago', () => {
  expect(tried([65, 65]).queueing.delayMs(60)).toBeNull();
  const { queueing, nowMs } = tried([65, 65, 65]);
  expect(queueing.delayMs(nowMs)).toBe(0);
  expect(queueing.delayMs(nowMs + 3_000)).toBeNull();
  for (let at = 0; at < 3; at++) queueing.took(80, nowMs + 3_000 + at);
  expect(queueing.delayMs(nowMs + 3_002)).toBe(15);
});

test('what it took at best is forgotten after ten minutes: the way may have changed', () => {
  const { queueing } = tried([65]);
  for (let minute = 1; minute <= 11; minute++) queueing.took(90, minute * 60_000);
  expect(queueing.leastMs(11 * 60_000)).toBe(90);
});
