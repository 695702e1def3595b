/**
 * What has turned out to be for those only who have the right by name. It is remembered for longer than what is stored, and over restarts: whoever has
 * not the right is to be led to nothing that comes with it, before anybody has asked for it anew. Names are kept as hashes.
 */
export interface Restricted {
  note(name: string, isRestricted: boolean): void;
  has(name: string): boolean;
  readonly size: number;
  /** To be kept over a restart. */
  rows(): readonly string[];
  restore(rows: readonly string[]): void;
}

const most = 16_384;

export function openRestricted(): Restricted {
  /** The one that was noted last is the last. */
  const noted = new Set<string>();
  const hashOf = (name: string) => Bun.hash.xxHash64(name).toString(36);

  function add(hash: string): void {
    noted.delete(hash);
    noted.add(hash);
    if (noted.size <= most) return;
    const [oldest] = noted;
    if (oldest !== undefined) noted.delete(oldest);
  }

  return {
    note(name, isRestricted) {
      if (isRestricted) add(hashOf(name));
      else if (noted.size > 0) noted.delete(hashOf(name));
    },
    has: (name) => noted.size > 0 && noted.has(hashOf(name)),
    get size() {
      return noted.size;
    },
    rows: () => [...noted],
    restore: (rows) => rows.forEach(add),
  };
}
