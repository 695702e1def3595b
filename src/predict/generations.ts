/** What was noted of names lately, in bounded memory: two generations, of which the older goes as a whole. To look for the oldest name of a map takes longer the more have gone from it. */

export interface Generations<Value> {
  note(name: string, value: Value): void;
  /** What was noted last; `null`: nothing, or not lately. */
  get(name: string): Value | null;
}

/** A name may be as long as a client likes: what is kept of it is not. */
const digestOf = (name: string): number => Bun.hash.xxHash32(name);

/** @param most of each generation. */
export function openGenerations<Value>(most: number): Generations<Value> {
  let older = new Map<number, Value>();
  let newer = new Map<number, Value>();
  return {
    note(name, value) {
      if (newer.size >= most) {
        older = newer;
        newer = new Map();
      }
      newer.set(digestOf(name), value);
    },
    get(name) {
      const digest = digestOf(name);
      return newer.get(digest) ?? older.get(digest) ?? null;
    },
  };
}
