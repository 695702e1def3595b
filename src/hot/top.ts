/**
 * The keys with the highest counts, by what a sketch says of each as it is counted: so only those have their names
 * remembered.
 */

export interface Top {
  /** A key has come to this count, which only rises. */
  offer(key: string, count: number): void;
  /** Highest first; those that are equal by name, so that the order is the same everywhere. */
  all(): readonly (readonly [key: string, count: number])[];
  clear(): void;
}

/** @param limit how many keys. It is looked through when a key comes in: a few dozen at most. */
export function top(limit: number): Top {
  const counts = new Map<string, number>();
  let least = 0;
  let last = '';

  function findLeast(): void {
    least = Number.POSITIVE_INFINITY;
    for (const [key, count] of counts) {
      if (count >= least) continue;
      least = count;
      last = key;
    }
  }

  return {
    offer(key, count) {
      if (!counts.has(key) && counts.size >= limit) {
        if (count <= least) return;
        // What was the least may have grown since.
        findLeast();
        if (count <= least) return;
        counts.delete(last);
      }
      counts.set(key, count);
      if (counts.size < limit) least = 0;
    },
    all: () => [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)),
    clear() {
      counts.clear();
      least = 0;
    },
  };
}
