/** The newest so many tags of a repository, for each rule, in one pass over all of them: what is held is bounded by what rules keep. */

export interface Tagged {
  readonly tag: string;
  /** ms since the epoch. */
  readonly pushedMs: number;
}

export interface Newest {
  add(tagged: Tagged): void;
  /** The oldest one that is kept, where there are more than that; `null`: all are. */
  readonly oldest: Tagged | null;
}

/** @param keep 0: none is looked for. */
export function newestOf(keep: number): Newest {
  /** The newest first. */
  const kept: Tagged[] = [];
  let isFull = false;
  return {
    add(tagged) {
      if (keep === 0) return;
      const last = kept.at(-1);
      if (kept.length === keep && last && order(last, tagged) < 0) {
        isFull = true;
        return;
      }
      kept.splice(placeOf(kept, tagged), 0, tagged);
      if (kept.length <= keep) return;
      kept.pop();
      isFull = true;
    },
    get oldest() {
      return isFull ? (kept.at(-1) ?? null) : null;
    },
  };
}

/** Whether it is older than all that are kept. */
export function beyond(tagged: Tagged, oldest: Tagged | null): boolean {
  return oldest !== null && order(oldest, tagged) < 0;
}

/** The newest first; of those that were pushed at once, the last by name. */
function order(a: Tagged, b: Tagged): number {
  if (a.pushedMs !== b.pushedMs) return b.pushedMs - a.pushedMs;
  return a.tag < b.tag ? 1 : a.tag > b.tag ? -1 : 0;
}

function placeOf(sorted: readonly Tagged[], tagged: Tagged): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const at = sorted[middle];
    if (at && order(at, tagged) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
