/** Names as numbers, counted by who has them: so that each is kept once, and goes with the last habit that it is part of. */

export interface Names {
  readonly count: number;
  /** What they take, by estimate. */
  readonly bytes: number;
  /** All numbers are below it. */
  readonly end: number;
  /** -1: not known. */
  idOf(name: string): number;
  /** Only of a number that somebody holds. */
  nameOf(id: number): string;
  bytesOf(id: number): number;
  /** Once more. Returns its number, which stays the same for as long as it is held. */
  hold(name: string): number;
  release(id: number): void;
}

/** Of one name beside its letters: a string, an entry of a map, its place in two lists, its list of habits. */
const overheadBytes = 160;

export function openNames(): Names {
  const ids = new Map<string, number>();
  const texts: string[] = [];
  const holders: number[] = [];
  const free: number[] = [];
  let bytes = 0;

  function admit(name: string): number {
    const id = free.pop() ?? texts.length;
    ids.set(name, id);
    texts[id] = name;
    holders[id] = 0;
    bytes += overheadBytes + name.length;
    return id;
  }

  return {
    get count() {
      return ids.size;
    },
    get bytes() {
      return bytes;
    },
    get end() {
      return texts.length;
    },
    idOf: (name) => ids.get(name) ?? -1,
    nameOf: (id) => texts[id]!,
    bytesOf: (id) => overheadBytes + texts[id]!.length,
    hold(name) {
      const id = ids.get(name) ?? admit(name);
      holders[id]!++;
      return id;
    },
    release(id) {
      holders[id]!--;
      if (holders[id]! > 0) return;
      const name = texts[id]!;
      ids.delete(name);
      bytes -= overheadBytes + name.length;
      texts[id] = '';
      free.push(id);
    },
  };
}
