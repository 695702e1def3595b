/**
 * How often each of many names came lately, in a fixed space: a table of buckets, which knows the names in them by 32 bits. Where
 * a bucket is full, the name that has come least gives way, of equals the oldest. So a crawler that brings a million names makes it
 * forget others sooner, and is itself not taken for something that comes back, as it would be by counters that names share.
 */

export interface Recent {
  /** It has come once more. Returns how often it has within the last `withinMs`, counted from when it came first. */
  count(name: string, nowMs: number, withinMs: number): number;
  /** It is not counted until then, if it is known at all. */
  rest(name: string, untilMs: number): void;
}

const ways = 8;
const mostCounted = 255;

/** @param places a power of two, of 8 at least. Takes 13 bytes for each. */
export function recent(places: number): Recent {
  if (places < ways || (places & (places - 1)) !== 0) throw new RangeError('places are a power of two');
  /** 0 marks an empty place. */
  const marks = new Uint32Array(places);
  const counts = new Uint8Array(places);
  const since = new Float64Array(places);

  function bucketOf(mark: number): number {
    const mixed = Math.imul(mark ^ (mark >>> 16), 0x45d9f3b);
    return ((mixed ^ (mixed >>> 15)) * ways) & (places - 1);
  }

  /** Its place, or -1. */
  function placeOf(mark: number): number {
    const first = bucketOf(mark);
    for (let at = first; at < first + ways; at++) if (marks[at] === mark) return at;
    return -1;
  }

  /** One for a name that has none: it is given up by whoever had it. */
  function freePlace(mark: number, nowMs: number, withinMs: number): number {
    const first = bucketOf(mark);
    let least = first;
    for (let at = first; at < first + ways; at++) {
      if (marks[at] === 0 || since[at]! + withinMs <= nowMs) return at;
      const isLess =
        counts[at]! < counts[least]! || (counts[at] === counts[least] && since[at]! < since[least]!);
      if (isLess) least = at;
    }
    return least;
  }

  function put(at: number, mark: number, count: number, sinceMs: number): void {
    marks[at] = mark;
    counts[at] = count;
    since[at] = sinceMs;
  }

  return {
    count(name, nowMs, withinMs) {
      const mark = markOf(name);
      const at = placeOf(mark);
      if (at === -1) {
        put(freePlace(mark, nowMs, withinMs), mark, 1, nowMs);
        return 1;
      }
      if (since[at]! > nowMs) return 0;
      if (since[at]! + withinMs <= nowMs) put(at, mark, 1, nowMs);
      else if (counts[at]! < mostCounted) counts[at]!++;
      return counts[at]!;
    },
    rest(name, untilMs) {
      const mark = markOf(name);
      const at = placeOf(mark);
      if (at !== -1) put(at, mark, 0, untilMs);
    },
  };
}

function markOf(name: string): number {
  return Bun.hash.xxHash32(name) || 1;
}
