/**
 * What is good for a second, as heads are: of their fields, those that change count in seconds.
 */

/**
 * @param most of them at once; beyond that, all are made anew.
 * @returns gives what was made for this key in the same second, or makes it.
 */
export function forASecond<Key, Value>(most: number) {
  const made = new Map<Key, Value>();
  let second = 0;

  return (key: Key, nowMs: number, make: (key: Key) => Value): Value => {
    const now = Math.floor(nowMs / 1000);
    if (now !== second) made.clear();
    second = now;
    const known = made.get(key);
    if (known !== undefined) return known;
    if (made.size >= most) made.clear();
    const value = make(key);
    made.set(key, value);
    return value;
  };
}
