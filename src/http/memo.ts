/**
 * A bounded memory of what a pure function made of a string.
 *
 * The same few field values come with millions of requests, so what was parsed once is worth keeping. But
 * they are the client's to write: both the number and the length of what is kept have bounds, and a flood
 * of new values costs a parse each, never memory.
 */

/** Results kept at once, in two halves. */
export const memoEntries = 1024;

/** Longer values are parsed every time. In UTF-16 code units. */
export const memoValueLength = 512;

/**
 * Keeps the most recently used results in two generations: when the younger is full it becomes the older,
 * and what is not asked for until the next change is forgotten. A hit costs one map access and moves nothing.
 *
 * @param make has no side effects; its result is shared by all callers, so it had better be frozen. `given` says the same
 * as the value, in a form that is at hand where the value is not known yet.
 */
export function memoise<T extends NonNullable<unknown>, Given = void>(
  make: (value: string, given: Given) => T,
): (value: string, given: Given) => T {
  let young = new Map<string, T>();
  let old = new Map<string, T>();

  return (value, given) => {
    const known = young.get(value);
    if (known !== undefined) return known;
    const result = old.get(value) ?? make(value, given);
    if (value.length > memoValueLength) return result;
    if (young.size >= memoEntries / 2) {
      old = young;
      young = new Map();
    }
    young.set(value, result);
    return result;
  };
}
