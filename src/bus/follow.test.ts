import { describe, expect, test } from 'bun:test';
import { setImmediate } from 'node:timers/promises';
import { virtualClock } from '../../test/support/clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { follow } from './follow.ts';
import type { Entry } from './handed.ts';
import { encode } from './wire.ts';

const log = 'one';
const textOf = (number: number) => encode({ type: 'note', version: 1, data: number }, 'here', 0);

/** A follower of a log that can be read and that hands over events, as a bell does. */
function begin(upTo: number) {
  const entries: Entry[] = [];
  const heard: unknown[] = [];
  const gaps: unknown[] = [];
  let reads = 0;
  /** Until it settles, what is read does not arrive. */
  let way: Promise<void> | null = null;
  const write = (number: number) => entries.push({ sequence: number, text: textOf(number) });
  for (let number = 1; number <= upTo; number++) write(number);
  const listener = follow({
    subject: 'notes',
    since: 'oldest',
    subscriber: {
      event: ({ data }) => void heard.push(data),
      gap: (at) => void gaps.push(at),
      caughtUp: () => undefined,
    },
    clock: virtualClock(),
    log: silentLog,
    read(_subject, after, limit) {
      reads++;
      const found = entries.filter(({ sequence }) => sequence > Number(after)).slice(0, limit);
      const page = { log, oldest: 1, newest: entries.length, entries: found };
      return way === null ? page : way.then(() => page);
    },
    renew: (_subject, id) => `after ${id}`,
    failed: () => undefined,
  });
  return {
    heard,
    gaps,
    write,
    reads: () => reads,
    delay(by: Promise<void>) {
      way = by;
    },
    listener,
    hand: (first: number, last: number, of = log) =>
      listener.hand?.({ log: of, before: first - 1, texts: numbers(first, last).map(textOf) }),
  };
}

const numbers = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await setImmediate();
}

describe('a follower that is handed events', () => {
  test('reads nothing where they go on from its place', async () => {
    const { heard, hand, write, reads } = begin(2);
    await settled();
    const before = reads();
    for (const number of numbers(3, 6)) write(number);
    hand(3, 4);
    hand(5, 6);
    await settled();
    hand(7, 7);
    await settled();
    expect(heard).toEqual(numbers(1, 7));
    expect(reads()).toBe(before);
  });

  test('reads what is missing before them, and hears nothing twice', async () => {
    const { heard, hand, write, reads, gaps } = begin(2);
    await settled();
    const before = reads();
    for (const number of numbers(3, 8)) write(number);
    hand(5, 6);
    hand(7, 8);
    await settled();
    hand(6, 8);
    await settled();
    expect(heard).toEqual(numbers(1, 8));
    expect(reads()).toBeGreaterThan(before);
    expect(gaps).toEqual([]);
  });

  test('delivers them while a page is still on its way, which tells neither twice nor of a gap', async () => {
    const { heard, hand, write, delay, listener, gaps } = begin(2);
    await settled();
    const way = Promise.withResolvers<void>();
    delay(way.promise);
    write(3);
    listener.wake();
    await settled();
    for (const number of numbers(4, 6)) write(number);
    hand(3, 4);
    await settled();
    hand(5, 6);
    await settled();
    expect(heard).toEqual(numbers(1, 6));
    way.resolve();
    await settled();
    expect(heard).toEqual(numbers(1, 6));
    expect(gaps).toEqual([]);
  });

  test('does not believe those of another log', async () => {
    const { heard, hand, reads } = begin(2);
    await settled();
    const before = reads();
    hand(3, 4, 'another');
    await settled();
    expect(heard).toEqual([1, 2]);
    expect(reads()).toBeGreaterThan(before);
  });

  test('reads when they are too many', async () => {
    const { heard, hand, write } = begin(0);
    await settled();
    for (const number of numbers(1, 600)) write(number);
    hand(1, 200);
    hand(201, 400);
    hand(401, 600);
    await settled();
    expect(heard).toEqual(numbers(1, 600));
  });

  test('reads when it is woken as well', async () => {
    const { heard, hand, write, listener } = begin(1);
    await settled();
    write(2);
    write(3);
    hand(2, 2);
    listener.wake();
    await settled();
    expect(heard).toEqual([1, 2, 3]);
  });
});
