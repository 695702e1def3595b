/** What every policy has to hold to, whatever it thinks is worth keeping. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { countUse, type Member, type Policy } from './policy.ts';

interface Subject<Kept extends Member> extends Policy<Kept> {
  used?(member: Kept): void;
}

const step = fc.record({
  act: fc.constantFrom('add', 'add', 'use', 'remove', 'replace', 'evict'),
  which: fc.nat(20),
  size: fc.integer({ min: 1, max: 2000 }),
});

export function policyContract<Kept extends Member>(
  name: string,
  make: (limitBytes: number) => Subject<Kept>,
  member: (which: number, costBytes: number) => Kept,
): void {
  describe(`${name}, as an eviction policy`, () => {
    test('has nothing to give when nothing was added, or all has gone', () => {
      const policy = make(1000);
      expect(policy.evict()).toBeNull();
      const only = member(1, 10);
      policy.add(only, null);
      policy.remove(only);
      expect(policy.evict()).toBeNull();
    });

    test('gives everything that it was given, each once', () => {
      const policy = make(1000);
      const members = Array.from({ length: 50 }, (_, which) => member(which, 1 + which));
      for (const each of members) policy.add(each, null);
      const given = members.map(() => policy.evict());
      expect(new Set(given)).toEqual(new Set(members));
      expect(policy.evict()).toBeNull();
    });

    test('finds something to drop even when everything is in use', () => {
      const policy = make(1000);
      const members = Array.from({ length: 50 }, (_, which) => member(which, 20));
      for (const each of members) policy.add(each, null);
      for (const each of members) use(policy, each);
      expect(policy.evict()).not.toBeNull();
    });

    test('knows exactly what was added and has not gone, and keeps a cache below its limit', () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
          const limitBytes = 8000;
          const policy = make(limitBytes);
          const held = new Map<number, Kept>();
          let bytes = 0;

          const leave = (gone: Kept, which: number) => {
            expect(held.get(which)).toBe(gone);
            held.delete(which);
            bytes -= gone.costBytes;
          };
          const evict = () => {
            const victim = policy.evict();
            expect(victim === null).toBe(held.size === 0);
            if (victim) leave(victim, whichOf(held, victim));
          };
          const add = (which: number, size: number, former: Kept | null) => {
            while (bytes + size > limitBytes) evict();
            const added = member(which, size);
            held.set(which, added);
            bytes += size;
            policy.add(added, former);
          };

          for (const { act, which, size } of steps) {
            const known = held.get(which);
            if (act === 'evict') evict();
            if (act === 'add' && !known) add(which, size, null);
            if (!known) continue;
            if (act === 'use') use(policy, known);
            if (act !== 'remove' && act !== 'replace') continue;
            policy.remove(known);
            leave(known, which);
            if (act === 'replace') add(which, size, known);
          }
          while (held.size > 0) evict();
          expect(bytes).toBe(0);
        }),
        { numRuns: 150 },
      );
    });
  });
}

function use<Kept extends Member>(policy: Subject<Kept>, member: Kept): void {
  countUse(member);
  policy.used?.(member);
}

function whichOf<Kept>(held: ReadonlyMap<number, Kept>, wanted: Kept): number {
  for (const [which, member] of held) if (member === wanted) return which;
  throw new Error('It gave something that it does not hold.');
}
