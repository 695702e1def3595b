/**
 * The names of what was dropped lately, each with a small count: how something that comes back is told from
 * something new. Five bytes a name, in buckets of four; a bucket forgets its oldest first.
 */

export interface Ghosts {
  /** @param count from 0 to 255. */
  remember(mark: number, count: number): void;
  /** Its count, once: the name is forgotten. `null` when it is not known. */
  recall(mark: number): number | null;
  /** Makes room for as many names, or gives up room that is far too much. */
  resize(names: number): void;
  readonly bytes: number;
}

const ways = 4;
const leastNames = 256;
const bytesPerName = 5;

export function ghosts(): Ghosts {
  let marks = new Uint32Array(leastNames);
  let counts = new Uint8Array(leastNames);

  /** Where the bucket of a name begins. */
  function bucketOf(mark: number): number {
    const mixed = Math.imul(mark ^ (mark >>> 16), 0x45d9f3b);
    return ((mixed ^ (mixed >>> 15)) * ways) & (marks.length - 1) & -ways;
  }

  function remember(mark: number, count: number): void {
    const first = bucketOf(mark);
    marks.copyWithin(first + 1, first, first + ways - 1);
    counts.copyWithin(first + 1, first, first + ways - 1);
    marks[first] = nameOf(mark);
    counts[first] = count;
  }

  return {
    remember,

    recall(mark) {
      const first = bucketOf(mark);
      for (let at = first; at < first + ways; at++) {
        if (marks[at] !== nameOf(mark)) continue;
        marks[at] = 0;
        return counts[at] ?? 0;
      }
      return null;
    },

    resize(names) {
      let length = marks.length;
      while (length < names) length *= 2;
      while (length > leastNames && length > names * 4) length /= 2;
      if (length === marks.length) return;
      const [oldMarks, oldCounts] = [marks, counts];
      marks = new Uint32Array(length);
      counts = new Uint8Array(length);
      // The oldest of a bucket stands last, and has to come first.
      for (let at = oldMarks.length - 1; at >= 0; at--) {
        if (oldMarks[at]) remember(oldMarks[at] ?? 0, oldCounts[at] ?? 0);
      }
    },

    get bytes() {
      return marks.length * bytesPerName;
    },
  };
}

/** 0 marks an empty place. */
function nameOf(mark: number): number {
  return mark >>> 0 || 1;
}
