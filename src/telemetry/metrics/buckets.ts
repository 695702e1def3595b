/**
 * Bounds of the buckets of all histograms, in seconds: 1, 2, 5 and so on in each power of ten from 10 µs to 50 s, so that a
 * hit in memory and a fill of a large file are told apart by the same ones, and a percentile read off them is wrong by less
 * than its own size.
 */
export const bucketBounds: readonly number[] = [
  0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1,
  2, 5, 10, 20, 50,
];

/** Of the bucket that a value belongs to: bounds are inclusive, and one more is for what is beyond all. */
export function bucketOf(value: number): number {
  let low = 0;
  let high = bucketBounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (bucketBounds[middle] ?? Number.POSITIVE_INFINITY)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The value below which a share of all lies, by linear interpolation within the bucket that it falls into, as Prometheus'
 * `histogram_quantile` has it. `null` where nothing was recorded.
 *
 * @param counts of each bucket, not cumulative.
 */
export function quantile(counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = share * total;
  let below = 0;
  for (const [at, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const upper = bucketBounds[at];
      const lower = at === 0 ? 0 : (bucketBounds[at - 1] ?? 0);
      if (upper === undefined) return lower;
      // The sum may come out beyond the bound by its last digit.
      return Math.min(upper, lower + ((upper - lower) * (rank - below)) / count);
    }
    below += count;
  }
  return bucketBounds.at(-1) ?? null;
}
