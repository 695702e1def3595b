/** How often names have come, of a bounded number of names: those that come often stay. */

export interface Counted {
  add(name: string, times?: number): void;
  /** The most frequent first. */
  all(): readonly (readonly [name: string, times: number])[];
}

export function openCounted(most: number): Counted {
  const counts = new Map<string, number>();
  /** It is asked for with each thing that is foreseen, and changes with what is fetched alone. */
  let sorted: readonly (readonly [string, number])[] | null = null;

  /** Half of what was counted counts no more, and whatever has come once goes: what comes often is not driven out by what comes with many names. */
  function makeRoom(): void {
    for (const [name, times] of counts) {
      if (times >= 2) counts.set(name, Math.floor(times / 2));
      else counts.delete(name);
    }
    const [oldest] = counts.keys();
    if (counts.size >= most && oldest !== undefined) counts.delete(oldest);
  }

  return {
    add(name, times = 1) {
      sorted = null;
      if (counts.size >= most && !counts.has(name)) makeRoom();
      counts.set(name, (counts.get(name) ?? 0) + times);
    },
    all() {
      sorted ??= [...counts].sort(([, a], [, b]) => b - a);
      return sorted;
    },
  };
}
