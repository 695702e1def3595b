import { describe, expect, test } from 'bun:test';
import { beyond, newestOf, type Tagged } from './newest.ts';

/** A sequence of numbers that is the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state;
  };
}

describe('the newest of many tags', () => {
  test('are those that sorting would give, whatever their order and however many were pushed at once', () => {
    const next = numbers(7);
    for (let round = 0; round < 300; round++) {
      const all: Tagged[] = Array.from({ length: next() % 40 }, (_, at) => ({
        ...{ tag: `t${at}`, pushedMs: next() % 10 },
      })).sort(() => (next() % 2 === 0 ? 1 : -1));
      const keep = 1 + (next() % 12);
      const newest = newestOf(keep);
      for (const each of all) newest.add(each);
      const sorted = all.toSorted((a, b) => b.pushedMs - a.pushedMs || (a.tag < b.tag ? 1 : -1));
      const kept = all.filter((each) => !beyond(each, newest.oldest)).map(({ tag }) => tag);
      expect(kept.sort()).toEqual(
        sorted
          .slice(0, keep)
          .map(({ tag }) => tag)
          .sort(),
      );
    }
  });
});
