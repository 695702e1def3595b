import { describe, expect, test } from 'bun:test';
import { bucketOf, buckets, groups, type Sums, sums } from './sums.ts';

const keys = Array.from({ length: 200_000 }, (_, number) => `token.${number}`);
const hash = (key: string) => Bun.hash.xxHash64(key);
function sumOf(some: readonly string[], hashFor = hash): Sums {
  const made = sums();
  for (const key of some) made.add(key, hashFor(key));
  return made;
}

describe('sums over many records', () => {
  test('are alike in whatever order those come', () =>
    expect(sumOf(keys).differing(sumOf(keys.toReversed()))).toEqual([]));

  test('differ where one is missing, one is otherwise, or one comes twice', () => {
    const [missing = '', other = '', twice = ''] = keys;
    const changed = [...keys.slice(1), twice];
    const found = sumOf(keys).differing(sumOf(changed, (key) => hash(key === other ? 'other' : key)));
    expect(new Set(found)).toEqual(new Set([missing, other, twice].map(bucketOf)));
  });

  test('are looked at in groups of a bounded number of records', () => {
    const all = sumOf(keys);
    const every = Array.from({ length: buckets }, (_, bucket) => bucket);
    const made = groups(all, every, 10_000);
    expect(made.flatMap((group) => [...group])).toEqual(every);
    for (const group of made)
      expect([...group].reduce((sum, bucket) => sum + all.count(bucket), 0)).toBeLessThanOrEqual(10_000);
    expect(made.length).toBeLessThan(25);
    expect(groups(all, [1, 2, 3], 0)).toHaveLength(3);
  });
});
