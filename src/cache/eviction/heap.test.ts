import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { heap } from './heap.ts';

interface Ranked {
  rank: number;
  place: number;
}

test('has the lowest rank on top, whatever comes, changes and goes', () => {
  const step = fc.record({
    act: fc.constantFrom('push', 'push', 'change', 'remove'),
    which: fc.nat(1000),
    rank: fc.integer(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const byRank = heap<Ranked>();
      const held: Ranked[] = [];
      for (const { act, which, rank } of steps) {
        const known = held[which % Math.max(1, held.length)];
        if (act === 'push') {
          const added = { rank, place: 0 };
          held.push(added);
          byRank.push(added, rank);
        } else if (act === 'change' && known) {
          known.rank = rank;
          byRank.move(known, rank);
        } else if (act === 'remove' && known) {
          held.splice(held.indexOf(known), 1);
          byRank.remove(known);
        }
        expect(byRank.size).toBe(held.length);
        const least = held.length === 0 ? undefined : Math.min(...held.map((each) => each.rank));
        expect(byRank.top?.rank).toBe(least);
        if (least !== undefined) expect(byRank.topRank).toBe(least);
      }
    }),
  );
});
