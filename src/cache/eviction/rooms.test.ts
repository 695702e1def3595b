import { describe, expect, test } from 'bun:test';
import { merit } from './merit.ts';
import { policyContract } from './policy.contract.ts';
import { countUse, type Member } from './policy.ts';
import { rooms } from './rooms.ts';

interface Piece extends Member {
  readonly which: number;
  readonly isReplica: boolean;
}

function piece(which: number, costBytes: number, isReplica: boolean): Piece {
  return { which, costBytes, isReplica, mark: which, uses: 0, served: 0, place: 0 };
}

const make = (shareBytes: number) => rooms<Piece>(merit(), merit(), () => shareBytes);

policyContract(
  'two rooms',
  (limitBytes) => make(limitBytes / 8),
  (which, costBytes) => piece(which, costBytes, which % 2 === 1),
);

/** A memory of so many bytes, full of what is its own. */
function full(limitBytes: number, shareBytes: number) {
  const policy = make(shareBytes);
  const kept = new Set<Piece>();
  let bytes = 0;
  function keep(coming: Piece): void {
    while (bytes + coming.costBytes > limitBytes) {
      const victim = policy.evict(coming)!;
      kept.delete(victim);
      bytes -= victim.costBytes;
    }
    policy.add(coming, null);
    kept.add(coming);
    bytes += coming.costBytes;
  }
  const count = (isReplica: boolean) => [...kept].filter((each) => each.isReplica === isReplica).length;
  return { policy, keep, count, kept };
}

describe('copies', () => {
  test('push out what is a member’s own until they have their share, and from then on each other', () => {
    const { policy, keep, count, kept } = full(1000, 125);
    for (let which = 0; which < 100; which++) keep(piece(which, 10, false));
    for (let which = 100; which < 400; which++) {
      keep(piece(which, 10, true));
      expect(policy.stats.copyBytes).toBeLessThanOrEqual(125);
    }
    expect([count(false), count(true)]).toEqual([88, 12]);
    expect(policy.stats).toEqual({ copies: 12, copyBytes: 120 });
    expect(kept.size).toBe(100);
  });

  test('are dropped by merit: what is used stays', () => {
    const { keep, kept } = full(1000, 125);
    for (let which = 0; which < 100; which++) keep(piece(which, 10, false));
    const used = piece(100, 10, true);
    keep(used);
    for (let use = 0; use < 5; use++) countUse(used);
    for (let which = 101; which < 140; which++) keep(piece(which, 10, true));
    expect(kept.has(used)).toBe(true);
  });

  test('have what is free, and give it back to what is a member’s own', () => {
    const { keep, count } = full(1000, 125);
    for (let which = 0; which < 100; which++) keep(piece(which, 10, true));
    expect(count(true)).toBe(100);
    for (let which = 100; which < 188; which++) keep(piece(which, 10, false));
    expect([count(false), count(true)]).toEqual([88, 12]);
    // Now each makes room for its own kind.
    for (let which = 200; which < 300; which++) keep(piece(which, 10, false));
    expect([count(false), count(true)]).toEqual([88, 12]);
  });
});
