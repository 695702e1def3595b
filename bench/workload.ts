/**
 * Requests as a busy cache gets them: few objects are asked for often and many rarely (Zipf's law), and most are
 * short and a few long (a log-normal distribution, as files on the web are). The same in every run.
 */
import { type Body, KIB, MIB, object } from './objects.ts';

/** How much rarer each next object is asked for: the share of the nth is n to the power of minus this. */
const ZIPF = 0.8;
const MEDIAN_BYTES = 8 * KIB;
/** Of the logarithm of the length. */
const DEVIATION = 1.5;
const [SHORTEST_BYTES, LONGEST_BYTES] = [512, 2 * MIB];
/** No object is a larger share of them all: a server has to have room for several at once. */
const LARGEST_SHARE = 1 / 640;

export interface Workload {
  readonly objects: readonly Body[];
  /** So many requests, another sequence for each seed. */
  requests(count: number, seed: number): string[];
}

/** As many objects as have this many bytes together. */
export function workload(totalBytes: number): Workload {
  const random = randomOf(1);
  const objects: Body[] = [];
  const longest = Math.min(LONGEST_BYTES, Math.floor(totalBytes * LARGEST_SHARE));
  for (let bytes = 0; bytes < totalBytes; bytes += objects.at(-1)?.bytes ?? 0) {
    const length = Math.round(MEDIAN_BYTES * Math.exp(DEVIATION * normal(random)));
    objects.push(object(Math.min(longest, Math.max(SHORTEST_BYTES, length)), `o${objects.length}`));
  }
  /** At each place the share of all requests that go to the objects up to it. */
  const upTo = new Float64Array(objects.length);
  let sum = 0;
  for (let rank = 0; rank < objects.length; rank++) upTo[rank] = sum += (rank + 1) ** -ZIPF;

  return {
    objects,
    requests(count, seed) {
      const next = randomOf(seed);
      return Array.from({ length: count }, () => objects[firstAbove(upTo, next() * sum)]?.path ?? '/');
    },
  };
}

function firstAbove(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Box and Muller, 1958. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** mulberry32: 0 up to but not 1. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
