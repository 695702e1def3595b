/**
 * How often names were seen lately, estimated in little memory: four counters of up to 15 for each name, of which
 * the smallest counts. All are halved after ten times as many uses as there are members.
 */
export interface Sketch {
  readonly bytes: number;
  add(mark: number): void;
  estimate(mark: number): number;
  /** Makes room for this many members, and forgets all when it has to grow. */
  ensure(members: number): void;
}

const rows = 4;
const most = 15;
const usesPerMember = 10;
const countersPerMember = 4;

export function sketch(): Sketch {
  let capacity = 16;
  let width = capacity * countersPerMember;
  let counters = new Uint8Array(width * rows);
  let uses = 0;

  const slot = (mark: number, row: number) => {
    let mixed = Math.imul(mark ^ (mark >>> 15), 0x2c1b3c6d) + Math.imul(row, 0x9e3779b9);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0x297a2d39);
    return row * width + (((mixed ^ (mixed >>> 16)) >>> 0) & (width - 1));
  };

  return {
    get bytes() {
      return counters.length / 2;
    },
    estimate(mark) {
      let least = most;
      for (let row = 0; row < rows; row++) least = Math.min(least, counters[slot(mark, row)] ?? 0);
      return least;
    },
    add(mark) {
      for (let row = 0; row < rows; row++) {
        const at = slot(mark, row);
        const count = counters[at] ?? 0;
        if (count < most) counters[at] = count + 1;
      }
      if (++uses < capacity * usesPerMember) return;
      uses = 0;
      for (let at = 0; at < counters.length; at++) counters[at] = (counters[at] ?? 0) >> 1;
    },
    ensure(members) {
      if (members <= capacity) return;
      while (capacity < members) capacity *= 2;
      width = capacity * countersPerMember;
      counters = new Uint8Array(width * rows);
      uses = 0;
    },
  };
}
