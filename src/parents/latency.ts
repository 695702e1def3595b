/**
 * How long a parent takes until it answers, as far as is worth knowing: the time that 95 of 100 answers keep to. Old
 * answers fade, so that it follows the parent's ways within some thousand requests.
 */

export interface Latency {
  note(ms: number): void;
  /** Milliseconds, up to a fifth too much; `null` until enough is known. */
  readonly p95Ms: number | null;
}

/** Four buckets for each doubling, from a tenth of a millisecond to 100 seconds. */
const perDoubling = 4;
const firstMs = 0.1;
const buckets = 80;
/** Answers before anything is concluded from them, and between two conclusions. */
const enough = 32;
/** When so many are known, each counts half. */
const fading = 4096;

export function latency(): Latency {
  const counts = new Uint32Array(buckets);
  let total = 0;
  let untilNext = enough;
  let p95Ms: number | null = null;

  function conclude(): void {
    let left = total * 0.05;
    let at = buckets - 1;
    for (; at > 0; at--) {
      left -= counts[at] ?? 0;
      if (left < 0) break;
    }
    p95Ms = firstMs * 2 ** ((at + 1) / perDoubling);
    untilNext = enough;
    if (total < fading) return;
    total = 0;
    for (let each = 0; each < buckets; each++) {
      const half = (counts[each] ?? 0) >>> 1;
      counts[each] = half;
      total += half;
    }
  }

  return {
    note(ms) {
      const at = Math.floor(perDoubling * Math.log2(Math.max(ms, firstMs) / firstMs));
      const bucket = Math.min(at, buckets - 1);
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      total++;
      if (--untilNext <= 0) conclude();
    },
    get p95Ms() {
      return p95Ms;
    },
  };
}
