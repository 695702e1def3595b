import { expect, test } from 'bun:test';
import { merit } from './merit.ts';
import { policyContract } from './policy.contract.ts';
import { countUse, type Member } from './policy.ts';

function member(which: number, costBytes = 1000): Member {
  return { costBytes, mark: which, uses: 0, served: 0, place: 0 };
}

policyContract('merit', () => merit<Member>(), member);

/** A cache by name, with the rules of the memory tier. */
function cacheOf(limitBytes: number) {
  const policy = merit<Member>();
  const held = new Map<number, Member>();
  let bytes = 0;
  return {
    held,
    policy,
    /** Tells whether it was a hit. */
    request(which: number, costBytes = 1000): boolean {
      const found = held.get(which);
      if (found) {
        countUse(found);
        return true;
      }
      for (; bytes + costBytes > limitBytes; ) {
        const victim = policy.evict()!;
        held.delete(victim.mark);
        bytes -= victim.costBytes;
      }
      const added = member(which, costBytes);
      held.set(which, added);
      bytes += costBytes;
      policy.add(added, null);
      return false;
    },
  };
}

const hotSet = Array.from({ length: 80 }, (_, which) => which);

function warm(cache: ReturnType<typeof cacheOf>): void {
  for (let round = 0; round < 5; round++) for (const which of hotSet) cache.request(which);
}

test('a scan of a hundred times the cache leaves what is in use where it is', () => {
  const cache = cacheOf(100_000);
  warm(cache);
  for (let scanned = 0; scanned < 10_000; scanned++) {
    cache.request(1000 + scanned);
    // The others go on meanwhile: by recency alone, each would have gone before it is used again.
    cache.request(hotSet[scanned % hotSet.length]!);
  }
  expect(hotSet.filter((which) => cache.held.has(which)).length).toBe(hotSet.length);
});

test('what is asked for only once does not flush what is asked for again, three of four requests though it be', () => {
  const cache = cacheOf(100_000);
  warm(cache);
  let hits = 0;
  for (let turn = 0; turn < 4000; turn++) {
    if (turn % 4 === 0 && cache.request(hotSet[(turn / 4) % hotSet.length]!)) hits++;
    if (turn % 4 !== 0) cache.request(100_000 + turn);
  }
  // By recency alone it would be none: 320 requests lie between two for the same.
  expect(hits).toBeGreaterThan(980);
});

test('what is no longer used makes room for what is', () => {
  const cache = cacheOf(100_000);
  warm(cache);
  const next = hotSet.map((which) => which + 5000);
  for (let round = 0; round < 100; round++) for (const which of next) cache.request(which);
  expect(next.filter((which) => cache.held.has(which)).length).toBe(next.length);
});

test('of two that are used alike the larger goes first, and a little more use does not save it', () => {
  const policy = merit<Member>();
  const [small, large] = [member(1, 1000), member(2, 100_000)];
  for (const each of [small, large]) {
    policy.add(each, null);
    countUse(each);
  }
  countUse(large);
  expect(policy.evict()).toBe(large);
});

test('a large one that is used much more than a small one stays', () => {
  const policy = merit<Member>();
  const members = [member(1, 1000), member(2, 4000)] as const;
  for (const each of members) policy.add(each, null);
  for (let uses = 0; uses < 20; uses++) countUse(members[1]);
  expect(policy.evict()).toBe(members[0]);
});

test('what comes back soon after it was dropped is worth more than what was never seen', () => {
  const cache = cacheOf(20_000);
  for (let which = 0; which < 21; which++) cache.request(which);
  const [gone] = [...Array(21).keys()].filter((which) => !cache.held.has(which));
  cache.request(gone!);
  for (let which = 100; which < 120; which++) cache.request(which);
  expect(cache.held.has(gone!)).toBeTrue();
});

test('what takes the place of something under the same name inherits its uses', () => {
  const cache = cacheOf(20_000);
  cache.request(1);
  cache.request(1);
  cache.request(1);
  const former = cache.held.get(1)!;
  cache.policy.remove(former);
  const renewed = member(1, 1000);
  cache.held.set(1, renewed);
  cache.policy.add(renewed, former);
  for (let which = 100; which < 140; which++) cache.request(which);
  expect(cache.held.get(1)).toBe(renewed);
});

test('dropping one looks at a few members only, though all of a hundred thousand are in use', () => {
  const policy = merit<Member>();
  let reads = 0;
  for (let which = 0; which < 100_000; which++) {
    let uses = 1;
    policy.add(
      {
        ...member(which),
        get uses() {
          reads++;
          return uses;
        },
        set uses(value) {
          uses = value;
        },
      },
      null,
    );
  }
  for (let dropped = 0; dropped < 100; dropped++) {
    reads = 0;
    policy.evict();
    expect(reads).toBeLessThan(50);
  }
});

test('what it remembers of the dropped is bounded by what is kept, however many pass', () => {
  const cache = cacheOf(1_000_000);
  for (let which = 0; which < 50_000; which++) cache.request(which);
  expect(cache.policy.ownBytes).toBeLessThan(1000 * 40);
});
