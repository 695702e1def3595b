/**
 * What was asked for a short while ago: told by how many bytes have been asked for since.
 */
export interface Lately {
  /** Whether this was asked for lately. If so it is forgotten, and if not, noted. */
  again(name: string, sizeBytes: number): boolean;
}

/** @param limitBytes so many bytes of others, and a name is forgotten. */
export function lately(limitBytes: () => number): Lately {
  /** In the order in which they came. */
  const noted = new Map<string, number>();
  let bytes = 0;

  function forget(name: string): boolean {
    bytes -= noted.get(name) ?? 0;
    return noted.delete(name);
  }

  return {
    again(name, sizeBytes) {
      if (forget(name)) return true;
      noted.set(name, sizeBytes);
      bytes += sizeBytes;
      for (const oldest of noted.keys()) {
        if (bytes <= limitBytes()) break;
        forget(oldest);
      }
      return false;
    },
  };
}
