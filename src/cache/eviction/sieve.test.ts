import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Queued, sieve } from './sieve.ts';

interface Member extends Queued {
  readonly name: string;
}

function member(name: string): Member {
  return { name, visited: false, older: null, newer: null };
}

test('drops the oldest when nothing was used', () => {
  const queue = sieve<Member>();
  const [a, b] = [member('a'), member('b')];
  queue.add(a);
  queue.add(b);
  expect(queue.victim()?.name).toBe('a');
});

test('spares once what was used, and drops the first that was not', () => {
  const queue = sieve<Member>();
  const [a, b, c] = [member('a'), member('b'), member('c')];
  for (const each of [a, b, c]) queue.add(each);
  a.visited = true;
  expect(queue.victim()?.name).toBe('b');
  queue.remove(b);
  expect(queue.victim()?.name).toBe('c');
  queue.remove(c);
  // The hand has come round: a was spared once and has not been used since.
  expect(queue.victim()?.name).toBe('a');
});

test('finds a victim when everything was used', () => {
  const queue = sieve<Member>();
  for (const name of ['a', 'b']) {
    const each = member(name);
    queue.add(each);
    each.visited = true;
  }
  expect(queue.victim()?.name).toBe('a');
});

test('is empty when everything was removed', () => {
  const queue = sieve<Member>();
  const a = member('a');
  queue.add(a);
  queue.remove(a);
  expect(queue.victim()).toBeNull();
});

test('holds exactly what was added and not removed, whatever the order of events', () => {
  const step = fc.record({ act: fc.constantFrom('add', 'use', 'remove', 'evict'), which: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = sieve<Member>();
      const held = new Map<string, Member>();
      for (const { act, which } of steps) {
        const name = String(which);
        const known = held.get(name);
        if (act === 'add' && !known) {
          const added = member(name);
          held.set(name, added);
          queue.add(added);
        } else if (act === 'use' && known) {
          known.visited = true;
        } else if (act === 'remove' && known) {
          queue.remove(known);
          held.delete(name);
        } else if (act === 'evict') {
          const victim = queue.victim();
          expect(victim === null).toBe(held.size === 0);
          if (!victim) continue;
          expect(held.get(victim.name)).toBe(victim);
          queue.remove(victim);
          held.delete(victim.name);
        }
      }
    }),
  );
});
