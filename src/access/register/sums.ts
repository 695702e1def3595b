/**
 * Sums over very many records, in as many buckets as make each small: two sets of records are alike where their sums are, and where
 * they are not, one bucket at a time can be looked at record by record. So a million records are compared within a mebibyte.
 */

/** A power of two. */
export const buckets = 65_536;
/** A sum of hashes of 64 bits: none is ever the same by chance. */
const range = (1n << 64n) - 1n;

export interface Sums {
  add(key: string, hash: bigint): void;
  /** How many records are in a bucket. */
  count(bucket: number): number;
  /** Buckets in which others differ from these. */
  differing(others: Sums): number[];
  sum(bucket: number): bigint;
}

export function bucketOf(key: string): number {
  return Bun.hash.crc32(key) & (buckets - 1);
}

export function sums(): Sums {
  const totals = new BigUint64Array(buckets);
  const counts = new Uint32Array(buckets);
  return {
    add(key, hash) {
      const bucket = bucketOf(key);
      totals[bucket] = ((totals[bucket] ?? 0n) + hash) & range;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    },
    count: (bucket) => counts[bucket] ?? 0,
    sum: (bucket) => totals[bucket] ?? 0n,
    differing(others) {
      const found: number[] = [];
      for (let bucket = 0; bucket < buckets; bucket++)
        if (totals[bucket] !== others.sum(bucket)) found.push(bucket);
      return found;
    },
  };
}

/** Groups of buckets with at most so many records, or one bucket that has more. */
export function groups(of: Sums, chosen: readonly number[], mostRecords: number): ReadonlySet<number>[] {
  const made: Set<number>[] = [];
  let records = 0;
  for (const bucket of chosen) {
    const last = made.at(-1);
    const count = of.count(bucket);
    if (last === undefined || records + count > mostRecords) {
      made.push(new Set([bucket]));
      records = count;
    } else {
      last.add(bucket);
      records += count;
    }
  }
  return made;
}
