/**
 * How often each of any number of keys came, in a fixed space: a count-min sketch (Cormode and Muthukrishnan 2005) with
 * conservative update. Every row has a counter for each key, which it shares with others; the least of a key's counters is
 * the estimate. It is never too low. It is too high by more than e / `width` of all that was counted for one key in e^`depth`
 * at most.
 */

export interface Sketch {
  /** Counts a key so many times more. Returns the estimate for it, these included. */
  add(key: string, times: number): number;
  estimate(key: string): number;
  /** Begins anew. */
  clear(): void;
}

/** @param width counters of a row, a power of two. Takes 4 bytes for each counter. */
export function sketch(width: number, depth: number): Sketch {
  if (width < 1 || (width & (width - 1)) !== 0) throw new RangeError('the width is a power of two');
  const counters = new Uint32Array(width * depth);
  /** Where the key's counters are: written anew for each key, so that none is allocated. */
  const places = new Uint32Array(depth);

  /** Two hashes make as many as there are rows (Kirsch and Mitzenmacher 2006). */
  function find(key: string): number {
    const first = Bun.hash.xxHash32(key);
    const second = Bun.hash.xxHash32(key, first) | 1;
    let least = Number.POSITIVE_INFINITY;
    for (let row = 0; row < depth; row++) {
      const place = row * width + ((first + Math.imul(row, second)) & (width - 1));
      places[row] = place;
      least = Math.min(least, counters[place] ?? 0);
    }
    return least;
  }

  return {
    estimate: find,
    add(key, times) {
      const estimate = Math.min(find(key) + times, 0xffff_ffff);
      for (const place of places) if ((counters[place] ?? 0) < estimate) counters[place] = estimate;
      return estimate;
    },
    clear: () => void counters.fill(0),
  };
}
