/**
 * How the index finds a key: by a number, since the text itself, twice as long as all else in the row, should not be
 * there twice. What is kept under one key (`baseOf`) has neighbouring numbers, so that a purge finds it.
 *
 * Seeded, so that nobody who chooses keys can have them all end up in one place.
 */
import { baseOf } from '../purge/ledger.ts';

/** Bits of the rest of a key, below the 32 of its base: as much as a number holds. */
const restBits = 21;

export interface KeyHash {
  of(key: string): number;
  /** The lowest and the highest number of what may be kept under a key. */
  near(key: string): readonly [from: number, to: number];
}

export function keyHash(seed: number): KeyHash {
  const seeded = BigInt(seed);
  const hash32 = (text: string) => Number(Bun.hash.wyhash(text, seeded) & 0xffff_ffffn);
  const first = (base: string) => hash32(base) * 2 ** restBits;
  return {
    of(key) {
      const base = baseOf(key);
      return first(base) + (key === base ? 0 : hash32(key) >>> (32 - restBits));
    },
    near(key) {
      const from = first(baseOf(key));
      return [from, from + 2 ** restBits - 1];
    },
  };
}
