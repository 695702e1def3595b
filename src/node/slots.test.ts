import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { slots } from './slots.ts';

test('so many have room, the next one gets what is given back', async () => {
  const clock = virtualClock();
  const room = slots(2, clock);
  expect([await room.take(10), await room.take(10)]).toEqual([true, true]);
  const third = room.take(10);
  room.give();
  expect([await third, clock.waiting]).toEqual([true, 0]);
});

test('whoever has waited long enough does without, and takes nobody his place', async () => {
  const clock = virtualClock();
  const room = slots(1, clock);
  await room.take(10);
  const late = room.take(10);
  clock.advance(10);
  expect(await late).toBe(false);
  room.give();
  expect(await room.take(10)).toBe(true);
});
