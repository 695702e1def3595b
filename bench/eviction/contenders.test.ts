import { describe, expect, test } from 'bun:test';
import { policyContract } from '../../src/cache/eviction/policy.contract.ts';
import { bounds } from './bound.ts';
import type { Piece } from './contender.ts';
import { contenders } from './contenders.ts';
import { chance, zipf } from './random.ts';
import { replay } from './replay.ts';
import { nextUses, type Trace, traceWriter } from './trace.ts';

function piece(object: number, costBytes: number): Piece {
  const own = { uses: 0, served: 0, place: 0, older: null, newer: null };
  return { ...own, object, costBytes, mark: object, nextUse: object };
}

for (const { name, make } of contenders) policyContract(name, make, piece);

function traceOf(objects: readonly number[], sizeOf: (at: number) => number = () => 1): Trace {
  const writer = traceWriter('test');
  for (const [at, object] of objects.entries()) writer.add(object, sizeOf(at));
  return writer.done();
}

function hitsOf(name: string, trace: Trace, limitBytes: number): number {
  const policy = contenders.find((each) => each.name === name)!.make(limitBytes);
  return replay(trace, policy, limitBytes, nextUses(trace)).hits;
}

describe('a replay', () => {
  test('counts what can be counted by hand', () => {
    // Room for four: 5 and 6 displace 3 and 4 where recency counts, and then 3 displaces 2.
    const trace = traceOf([1, 2, 3, 4, 2, 1, 5, 6, 3, 2]);
    expect(hitsOf('lru', trace, 4)).toBe(2);
    expect(hitsOf('belady', trace, 4)).toBe(4);
  });

  test('takes another size for another content', () => {
    const trace = traceOf([1, 1, 1, 1], (at) => (at < 2 ? 10 : 20));
    expect(hitsOf('lru', trace, 1000)).toBe(2);
    expect([...nextUses(trace)]).toEqual([1, Number.POSITIVE_INFINITY, 3, Number.POSITIVE_INFINITY]);
    expect(trace.footprintBytes).toBe(20);
  });

  test('does not keep what would take more than its share', () => {
    const trace = traceOf([1, 1, 1], () => 30);
    expect(hitsOf('lru', trace, 100)).toBe(0);
    expect(hitsOf('lru', trace, 120)).toBe(2);
  });
});

test('nobody exceeds the bound, and when sizes are equal Belady comes close to it', () => {
  const random = chance(11);
  const rank = zipf(500, 0.9);
  const objects = Array.from({ length: 20_000 }, () => rank(random));
  for (const sizeOf of [() => 1, (at: number) => 1 + ((objects[at]! * 7919) % 100)]) {
    const trace = traceOf(objects, sizeOf);
    const limitBytes = Math.floor(trace.footprintBytes / 10);
    const most = bounds(trace)(limitBytes);
    for (const { name, make } of contenders) {
      const outcome = replay(trace, make(limitBytes), limitBytes, nextUses(trace));
      expect([name, outcome.hits <= most.hits]).toEqual([name, true]);
      expect([name, outcome.hitBytes <= most.hitBytes]).toEqual([name, true]);
      expect(outcome.hits).toBeGreaterThan(0);
    }
  }
  const equal = traceOf(objects);
  expect(hitsOf('belady', equal, 50)).toBeGreaterThan(bounds(equal)(50).hits * 0.95);
});
