import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { FairQueue } from './fair-queue.ts';

test('everybody has a turn before anybody has the next one', () => {
  const queue = new FairQueue<string>();
  for (const waiter of ['a1', 'a2', 'a3', 'a4']) queue.add('a', waiter);
  queue.add('b', 'b1');
  queue.add('c', 'c1');
  queue.add('c', 'c2');
  expect(Array.from({ length: 8 }, () => queue.take())).toEqual([
    ...['a1', 'b1', 'c1', 'a2', 'c2', 'a3', 'a4'],
    undefined,
  ]);
});

test('nobody is lost, nobody is served twice, and whoever has left is not served', () => {
  const waiters = fc.array(fc.record({ on: fc.nat(4), leaves: fc.boolean() }), { maxLength: 50 });
  fc.assert(
    fc.property(waiters, (all) => {
      const queue = new FairQueue<number>();
      for (const [index, { on }] of all.entries()) queue.add(`${on}`, index);
      all.forEach(({ on, leaves }, index) => {
        if (leaves)
          expect([queue.delete(`${on}`, index), queue.delete(`${on}`, index)]).toEqual([true, false]);
      });
      const staying = all.flatMap(({ leaves }, index) => (leaves ? [] : [index]));
      expect(queue.size).toBe(staying.length);
      const served = staying.map(() => queue.take() ?? -1);
      expect(served.toSorted((a, b) => a - b)).toEqual(staying);
      expect([queue.take(), queue.size]).toEqual([undefined, 0]);
    }),
  );
});
