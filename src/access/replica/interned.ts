/**
 * Values that many have in common, such as owners and limits of tokens: kept once, known by a small number, and forgotten with
 * the last who uses them.
 */
export interface Interned<Value> {
  /** Counts as one more use. @param make is called for a text that is not in use yet. */
  take(text: string, make: () => Value): number;
  /** One use less. */
  release(number: number): void;
  /** Of a number that is in use. */
  valueOf(number: number): Value;
  readonly size: number;
}

interface Kept<Value> {
  readonly text: string;
  readonly value: Value;
  uses: number;
}

/** @param common the value that most have: number 0, of the empty text, which is not counted. */
export function interned<Value>(common: Value): Interned<Value> {
  const numbers = new Map<string, number>();
  const kept: (Kept<Value> | null)[] = [null];
  const free: number[] = [];

  function keep(text: string, value: Value): number {
    const number = free.pop() ?? kept.length;
    numbers.set(text, number);
    kept[number] = { text, value, uses: 1 };
    return number;
  }

  return {
    take(text, make) {
      if (text === '') return 0;
      const number = numbers.get(text);
      const found = number === undefined ? null : kept[number];
      if (!found || number === undefined) return keep(text, make());
      found.uses++;
      return number;
    },
    release(number) {
      const found = kept[number];
      if (!found || --found.uses > 0) return;
      numbers.delete(found.text);
      kept[number] = null;
      free.push(number);
    },
    valueOf(number) {
      if (number === 0) return common;
      const found = kept[number];
      if (!found) throw new RangeError(`nothing has the number ${number}`);
      return found.value;
    },
    get size() {
      return numbers.size;
    },
  };
}
