/**
 * What was made of documents, remembered for as long as they stay what they are: a tree of dependencies is gone through again and again, and to read
 * a document costs more than to look whether it is the same.
 */

interface Made<T> {
  readonly hash: number | bigint;
  readonly bytes: number;
  readonly made: T;
}

/**
 * @param make has no side effects; what it makes is shared by all callers, and takes about as much memory as the document.
 * @param mostBytes of all documents of which something is remembered. What was not wanted for longest goes first.
 */
export function madeOf<T>(
  make: (bytes: Uint8Array) => T,
  mostBytes: number,
): (path: string, bytes: Uint8Array) => T {
  const all = new Map<string, Made<T>>();
  let total = 0;

  function forget(path: string): void {
    total -= all.get(path)?.bytes ?? 0;
    all.delete(path);
  }

  return (path, bytes) => {
    const hash = Bun.hash(bytes);
    const known = all.get(path);
    const isSame = known !== undefined && known.bytes === bytes.byteLength && known.hash === hash;
    const made = isSame ? known.made : make(bytes);
    forget(path);
    if (bytes.byteLength > mostBytes) return made;
    for (const oldest of all.keys()) {
      if (total + bytes.byteLength <= mostBytes) break;
      forget(oldest);
    }
    all.set(path, { hash, bytes: bytes.byteLength, made });
    total += bytes.byteLength;
    return made;
  };
}
