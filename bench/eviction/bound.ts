/**
 * What no policy can exceed, whatever it knows: PFOO-U. Between two uses of an object, holding it takes its bytes
 * for that long, and is worth one hit. All such intervals are sorted by what a hit (or a byte of it) takes, and as
 * many are counted as fit into the space and time that there is in total. A real cache would also have to fit
 * at every moment.
 *
 * Berger, Beckmann, Harchol-Balter, "Practical Bounds on Optimal Caching with Variable Object Sizes", 2018.
 */
import { nextUses, type Trace } from './trace.ts';

export interface Bounds {
  readonly hits: number;
  readonly hitBytes: number;
}

/** @returns for any limit in bytes, the most hits and the most bytes of hits (two different choices). */
export function bounds(trace: Trace): (limitBytes: number) => Bounds {
  const next = nextUses(trace);
  const starts = [...next.keys()].filter((at) => Number.isFinite(next[at]));
  const spanOf = (at: number) => (next[at] ?? 0) - at;
  const sizeOf = (at: number) => trace.sizes[at] ?? 0;
  const spans = Float64Array.from(next, (use, at) => use - at);
  const areas = Float64Array.from(next, (use, at) => (use - at) * (trace.sizes[at] ?? 0));
  const bySpan = sortedBy(starts, spans);
  const byArea = sortedBy(starts, areas);

  function fill(order: Uint32Array, limitBytes: number, worth: (at: number) => number): number {
    let room = limitBytes * next.length;
    let sum = 0;
    for (const at of order) {
      const area = spanOf(at) * sizeOf(at);
      if (area >= room) return sum + (worth(at) * room) / area;
      room -= area;
      sum += worth(at);
    }
    return sum;
  }

  return (limitBytes) => ({
    hits: fill(byArea, limitBytes, () => 1),
    hitBytes: fill(bySpan, limitBytes, sizeOf),
  });
}

function sortedBy(starts: readonly number[], key: Float64Array): Uint32Array {
  return Uint32Array.from(starts).sort((a, b) => (key[a] ?? 0) - (key[b] ?? 0));
}
