/**
 * A figure that was taken several times, as one value and how far the takes lie apart. The median, because a
 * machine that does something else for a moment makes one take worse, never better.
 */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** In the order in which they were taken, one a round. */
  readonly samples: readonly number[];
}

/** At least one sample. */
export function spread(samples: readonly number[]): Spread {
  if (samples.length === 0) throw new RangeError('a spread needs at least one sample');
  return { median: median(samples), min: Math.min(...samples), max: Math.max(...samples), samples };
}

/**
 * How one server's figure stands to another's: the quotient is taken round by round, since the takes of one
 * round saw the same machine within the same few seconds, and only then is the median taken.
 */
export function ratio(of: Spread, to: Spread): Spread {
  const rounds = Math.min(of.samples.length, to.samples.length);
  const quotients = of.samples
    .slice(0, rounds)
    .map((value, round) => value / (to.samples[round] ?? Number.NaN));
  return spread(quotients);
}

function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const above = Math.floor(sorted.length / 2);
  const upper = sorted[above] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[above - 1] ?? Number.NaN)) / 2;
}

/** The value that `share` (0 to 1) of the sorted samples do not exceed. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const index = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
  return sorted[index] ?? Number.NaN;
}
