/** The range decoder of LZMA: bits, each with a probability that learns, and what is made of them. */
import { XzError } from './xz-error.ts';

export interface Bits {
  /** @param index of its probability. */
  bit(index: number): 0 | 1;
  /** Bits that are as likely as not, the highest first. */
  direct(count: number): number;
  /** @param base where its probabilities begin. */
  tree(base: number, count: number): number;
  /** The same, the lowest bit first. */
  reverseTree(base: number, count: number): number;
}

const END_OF_INPUT = 'The compressed bytes end too early.';

/** @throws XzError */
export function bitsOf(input: Uint8Array, probabilities: Uint16Array): Bits {
  if (input.length < 5 || input[0] !== 0) throw new XzError(END_OF_INPUT);
  let range = 0xffffffff;
  let code = new DataView(input.buffer, input.byteOffset).getUint32(1);
  let from = 5;

  function normalise(): void {
    if (from >= input.length) throw new XzError(END_OF_INPUT);
    range = (range << 8) >>> 0;
    code = ((code << 8) | (input[from++] ?? 0)) >>> 0;
  }

  function bit(index: number): 0 | 1 {
    const probability = probabilities[index] ?? 0;
    const bound = (range >>> 11) * probability;
    const found = code < bound ? 0 : 1;
    if (found === 0) {
      range = bound;
      probabilities[index] = probability + ((2048 - probability) >> 5);
    } else {
      range -= bound;
      code -= bound;
      probabilities[index] = probability - (probability >> 5);
    }
    if (range < 0x1000000) normalise();
    return found;
  }

  function direct(count: number): number {
    let value = 0;
    for (let left = count; left > 0; left--) {
      range >>>= 1;
      const found = code >= range ? 1 : 0;
      if (found === 1) code -= range;
      value = value * 2 + found;
      if (range < 0x1000000) normalise();
    }
    return value;
  }

  function tree(base: number, count: number): number {
    let node = 1;
    for (let left = count; left > 0; left--) node = (node << 1) | bit(base + node);
    return node - (1 << count);
  }

  function reverseTree(base: number, count: number): number {
    let node = 1;
    let value = 0;
    for (let place = 0; place < count; place++) {
      const found = bit(base + node);
      node = (node << 1) | found;
      value |= found << place;
    }
    return value;
  }
  return { bit, direct, tree, reverseTree };
}
