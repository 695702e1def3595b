/** What is to be fetched, the most urgent first: rounds of one prediction in their order, and what a client leads to now before what others led to earlier. */

export interface Queue<Item> {
  /** @param rank the lower, the sooner. Nothing happens where there is no room for it. */
  add(name: string, rank: number, item: Item): boolean;
  /** It is not wanted any more: somebody has come for it. */
  drop(name: string): void;
  has(name: string): boolean;
  take(): Item | null;
  readonly size: number;
  clear(): void;
}

interface Waiting<Item> {
  readonly name: string;
  readonly rank: number;
  readonly item: Item;
}

/** @param most that wait at once. */
export function openQueue<Item>(most: number): Queue<Item> {
  /** A binary heap, the lowest rank on top; what was dropped stays in it until it gets there. */
  const heap: Waiting<Item>[] = [];
  const names = new Map<string, Waiting<Item>>();

  function rise(at: number): void {
    let place = at;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (heap[above]!.rank <= heap[place]!.rank) return;
      swap(above, place);
      place = above;
    }
  }

  function sink(): void {
    let place = 0;
    for (;;) {
      const left = place * 2 + 1;
      let lowest = place;
      for (const below of [left, left + 1])
        if (below < heap.length && heap[below]!.rank < heap[lowest]!.rank) lowest = below;
      if (lowest === place) return;
      swap(lowest, place);
      place = lowest;
    }
  }

  function swap(a: number, b: number): void {
    const kept = heap[a]!;
    heap[a] = heap[b]!;
    heap[b] = kept;
  }

  /** Without what was dropped. */
  function tidy(): void {
    const kept = heap.filter((waiting) => names.get(waiting.name) === waiting);
    heap.length = 0;
    for (const waiting of kept) {
      heap.push(waiting);
      rise(heap.length - 1);
    }
  }

  function top(): Waiting<Item> | null {
    const first = heap[0];
    if (first === undefined) return null;
    const last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      sink();
    }
    return first;
  }

  return {
    get size() {
      return names.size;
    },
    has: (name) => names.has(name),
    add(name, rank, item) {
      if (names.size >= most || names.has(name)) return false;
      if (heap.length >= most * 2) tidy();
      const waiting = { name, rank, item };
      names.set(name, waiting);
      heap.push(waiting);
      rise(heap.length - 1);
      return true;
    },
    drop: (name) => void names.delete(name),
    take() {
      for (;;) {
        const waiting = top();
        if (waiting === null) return null;
        if (names.get(waiting.name) !== waiting) continue;
        names.delete(waiting.name);
        return waiting.item;
      }
    },
    clear() {
      heap.length = 0;
      names.clear();
    },
  };
}
