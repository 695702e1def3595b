/**
 * Responses on their way into the store, by key, from the moment their request is sent. What is dropped while
 * they travel (by a purge, by an unsafe request) must not come back with them, and one that was overtaken by a
 * newer response must not replace it.
 */
import type { CacheKey, FieldList } from '../resource.ts';

export interface Arrival {
  /** Whether it may still be stored, and shared with requests that come from now on. */
  readonly wanted: boolean;
  /** Its head is known: it is the newest response for the variant that these fields select. */
  landed(selecting: FieldList): void;
  /** It is in the store: what landed before it, for the same variant, has been overtaken. */
  stored(): void;
  /** One more has to `end` it: a copy of it is still travelling. */
  hold(): void;
  end(): void;
}

export interface Arrivals {
  begin(key: CacheKey): Arrival;
  /** A stored response on its way to another tier: older than everything that lands. */
  again(key: CacheKey, selecting: FieldList): Arrival;
  /** Nothing that is under way for the key now is wanted any more. */
  drop(key: CacheKey): void;
}

interface Travelling {
  wanted: boolean;
  /** In the order of landing, from 1; `null` while nothing is known of it. */
  order: number | null;
  selecting: FieldList;
  holders: number;
}

export function arrivals(): Arrivals {
  const underWay = new Map<CacheKey, Set<Travelling>>();
  let landings = 0;

  function travelling(key: CacheKey): Set<Travelling> {
    const known = underWay.get(key);
    if (known) return known;
    const none = new Set<Travelling>();
    underWay.set(key, none);
    return none;
  }

  function leave(key: CacheKey, self: Travelling): void {
    const others = underWay.get(key);
    others?.delete(self);
    if (others?.size === 0) underWay.delete(key);
  }

  /** What landed before `self`, for the same variant, has been overtaken by it. */
  function overtake(key: CacheKey, { order, selecting }: Travelling): void {
    for (const other of underWay.get(key) ?? []) {
      if (order === null || other.order === null || other.order >= order) continue;
      if (sameSelection(other.selecting, selecting)) other.wanted = false;
    }
  }

  function begin(key: CacheKey, self: Travelling): Arrival {
    travelling(key).add(self);
    return {
      get wanted() {
        return self.wanted;
      },
      landed(selecting) {
        self.order = ++landings;
        self.selecting = selecting;
      },
      stored: () => overtake(key, self),
      hold: () => void self.holders++,
      end() {
        if (--self.holders === 0) leave(key, self);
      },
    };
  }

  return {
    begin: (key) => begin(key, { wanted: true, order: null, selecting: [], holders: 1 }),
    again: (key, selecting) => begin(key, { wanted: true, order: 0, selecting, holders: 1 }),

    drop(key) {
      for (const each of underWay.get(key) ?? []) each.wanted = false;
    },
  };
}

/** Whether two responses of one key are the same variant of it. */
export function sameSelection(a: FieldList, b: FieldList): boolean {
  if (a.length !== b.length) return false;
  return a.every(([name, value], at) => {
    const other = b[at];
    return other !== undefined && other[0] === name && other[1] === value;
  });
}
