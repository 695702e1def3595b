import { describe, expect, test } from 'bun:test';
import { type Ring, type RingMember, type RingOptions, ring } from './ring.ts';

const keys = Array.from({ length: 50_000 }, (_, at) => `web\n/some/path/${at}.html`);

function group(count: number, from = 0): RingMember[] {
  return Array.from({ length: count }, (_, at) => ({ name: `lhr-${from + at}`, capacity: 1 }));
}

function owners(members: readonly RingMember[], options?: RingOptions): string[] {
  const made = ring(members, options);
  return keys.map((key) => members[made.ownerOf(key)]!.name);
}

function moved(before: readonly string[], after: readonly string[]): number[] {
  return before.flatMap((owner, at) => (owner === after[at] ? [] : [at]));
}

/** What chance alone gives, without a bound. */
const unbounded = { maxLoad: Number.POSITIVE_INFINITY };

describe('a ring', () => {
  test('takes about 1% of the keys for a member that joins 100, and moves no other', () => {
    for (const seed of [0, 1000, 2000]) {
      const before = group(100, seed);
      const after = [...before, { name: `new-${seed}`, capacity: 1 }];
      const owned = owners(after, unbounded);
      const changed = moved(owners(before, unbounded), owned);
      expect(changed.length / keys.length).toBeWithin(0.007, 0.0135);
      expect(changed.every((at) => owned[at] === `new-${seed}`)).toBe(true);
    }
  });

  test('moves only what belonged to a member that leaves', () => {
    const before = group(100);
    const owned = owners(before, unbounded);
    for (const gone of ['lhr-0', 'lhr-42', 'lhr-99']) {
      const after = before.filter(({ name }) => name !== gone);
      const changed = moved(owned, owners(after, unbounded));
      expect(changed.length).toBeGreaterThan(0);
      expect(changed.every((at) => owned[at] === gone)).toBe(true);
    }
  });

  test('moves little more than that where it is bounded', () => {
    const before = group(100);
    const joined = moved(owners(before), owners([...before, { name: 'new', capacity: 1 }]));
    const left = moved(owners(before), owners(before.slice(0, 99)));
    expect(joined.length / keys.length).toBeWithin(0.005, 0.02);
    expect(left.length / keys.length).toBeWithin(0.005, 0.02);
  });

  test('gives no member more than 1.25 times the mean', () => {
    for (const count of [2, 3, 4, 8, 16, 100]) {
      for (const seed of [0, 500, 5000]) {
        const { shares } = ring(group(count, seed));
        expect(Math.max(...shares) * count).toBeLessThanOrEqual(1.25);
        expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 9);
      }
    }
    // With so few places, chance alone would do worse.
    const few = { virtualNodes: 20 };
    expect(Math.max(...ring(group(50), { ...few, ...unbounded }).shares) * 50).toBeGreaterThan(1.25);
    expect(Math.max(...ring(group(50), few).shares) * 50).toBeLessThanOrEqual(1.25);
  });

  test('spreads keys as it spreads the circle', () => {
    const members = group(8);
    const { shares } = ring(members);
    const owned = owners(members);
    for (const [at, { name }] of members.entries()) {
      const part = owned.filter((owner) => owner === name).length / keys.length;
      expect(Math.abs(part - shares[at]!)).toBeLessThan(0.01);
    }
  });

  test('gives a member of twice the capacity twice as much', () => {
    const { shares } = ring([...group(9), { name: 'large', capacity: 2 }]);
    expect(shares[9]! * 11).toBeWithin(1.6, 2.5);
  });

  test('does not depend on the order of its members', () => {
    const members = group(10);
    expect(owners(members.toReversed())).toEqual(owners(members));
  });

  test('names those who come after the owner, each once', () => {
    const made: Ring = ring(group(5));
    for (const key of keys.slice(0, 1000)) {
      const all = made.ownersOf(key, 9);
      expect(all.toSorted()).toEqual([0, 1, 2, 3, 4]);
      expect(all[0]).toBe(made.ownerOf(key));
      expect(made.ownersOf(key, 2)).toEqual(all.slice(0, 2));
    }
  });

  test('hands the keys of a member that leaves to those who came after it', () => {
    const members = group(6);
    const made = ring(members, unbounded);
    const without = members.slice(0, 5);
    const after = ring(without, unbounded);
    for (const key of keys.slice(0, 2000)) {
      const [first, second] = made.ownersOf(key, 2);
      if (first === 5) expect(after.ownerOf(key)).toBe(second!);
    }
  });

  test('of one member is all its own; one of none is none', () => {
    expect(ring(group(1)).shares).toEqual([1]);
    expect(ring(group(1)).ownersOf('a', 3)).toEqual([0]);
    expect(() => ring([])).toThrow(RangeError);
    expect(() => ring([{ name: 'a', capacity: 0 }])).toThrow(RangeError);
  });
});
