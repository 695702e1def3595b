import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { openQueue } from './queue.ts';

test('the lowest rank comes first, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5, max: 50 }), { maxLength: 200 }), (ranks) => {
      const queue = openQueue<number>(1_000);
      for (const [at, rank] of ranks.entries()) expect(queue.add(String(at), rank, rank)).toBe(true);
      expect(queue.size).toBe(ranks.length);
      const taken = ranks.map(() => queue.take());
      expect(taken).toEqual(ranks.toSorted((a, b) => a - b));
      expect(queue.take()).toBeNull();
    }),
  );
});

test('a name waits once, and what is dropped is not taken', () => {
  const queue = openQueue<string>(10);
  expect(queue.add('a', 1, 'first')).toBe(true);
  expect(queue.add('a', 0, 'second')).toBe(false);
  queue.add('b', 2, 'b');
  queue.drop('a');
  expect([queue.has('a'), queue.has('b'), queue.size]).toEqual([false, true, 1]);
  queue.add('a', 3, 'third');
  expect([queue.take(), queue.take(), queue.take()]).toEqual(['b', 'third', null]);
});

test('no more waits than there is room for', () => {
  const queue = openQueue<number>(3);
  for (const each of [0, 1, 2]) expect(queue.add(String(each), each, each)).toBe(true);
  expect(queue.add('3', 3, 3)).toBe(false);
  queue.take();
  expect(queue.add('3', 3, 3)).toBe(true);
});

test('what was dropped takes no room, however often', () => {
  const queue = openQueue<number>(4);
  for (let round = 0; round < 100; round++) {
    const names = [0, 1, 2, 3].map((each) => `${round} ${each}`);
    for (const [rank, name] of names.entries()) expect(queue.add(name, rank, round)).toBe(true);
    for (const name of names) queue.drop(name);
  }
  expect(queue.size).toBe(0);
  for (const rank of [3, 1, 2]) expect(queue.add(String(rank), rank, rank)).toBe(true);
  expect([queue.take(), queue.take(), queue.take()]).toEqual([1, 2, 3]);
});

test('nothing waits after it is cleared', () => {
  const queue = openQueue<number>(4);
  queue.add('a', 1, 1);
  queue.clear();
  expect([queue.size, queue.take(), queue.add('a', 1, 2)]).toEqual([0, null, true]);
});
