/**
 * What was made of a path, remembered for as long as it keeps coming. On the way of every hit: most requests are for a few
 * hundred paths, and to read one, and to write its keys, costs more than all of a look-up.
 */
import { memoise } from '../http/memo.ts';

/**
 * Addresses that clients come by at the same time. A node has one or a few; but whoever asks may make up others, so beyond this
 * all is forgotten.
 */
const maxAddresses = 16;

/** @param make has no side effects. */
export function byAddress<T extends NonNullable<unknown>>(
  make: (path: string, address: string) => T,
): (path: string, address: string) => T {
  const all = new Map<string, (path: string) => T>();
  let lastAddress: string | null = null;
  let last = open('');

  function open(address: string): (path: string) => T {
    const known = all.get(address);
    if (known !== undefined) return known;
    if (all.size >= maxAddresses) all.clear();
    const opened = memoise((path) => make(path, address));
    all.set(address, opened);
    return opened;
  }

  return (path, address) => {
    if (address !== lastAddress) {
      last = open(address);
      lastAddress = address;
    }
    return last(path);
  };
}
