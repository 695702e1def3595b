/** Where a time lies on a logarithmic axis that all layers share. */
import { designMarks } from '../../data/layers.ts';

export interface Scale {
  readonly width: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Pixels from the left; what is beyond the ends is at them. */
  at(ms: number): number;
}

/** A hit in memory that is faster than this is at the left end. */
const leastMs = 0.01;

/** As far as there is anything to see, in whole powers of ten; the design's marks always are. */
export function scaleFor(
  bounds: readonly number[],
  histograms: readonly (readonly number[])[],
  width: number,
): Scale {
  const used = bounds.flatMap((_, at) => (histograms.some((counts) => (counts[at] ?? 0) > 0) ? at : []));
  const first = 1000 * (bounds[(used[0] ?? 0) - 1] ?? 0);
  const last = 1000 * (bounds[used.at(-1) ?? 0] ?? 0);
  const fromMs = 10 ** Math.floor(Math.log10(Math.max(leastMs, Math.min(first, designMarks[0].ms))) + 1e-9);
  const toMs = 10 ** Math.ceil(Math.log10(Math.max(last, 1000)) - 1e-9);
  const [low, high] = [Math.log10(fromMs), Math.log10(toMs)];
  return {
    ...{ width, fromMs, toMs },
    at: (ms) => (width * (Math.log10(Math.min(toMs, Math.max(fromMs, ms))) - low)) / (high - low),
  };
}
