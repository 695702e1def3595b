/** A sequence of requests to replay: who was asked for, and how large it was. */

export interface Trace {
  readonly name: string;
  /** For each request the object, numbered from 0 in order of first appearance. */
  readonly objects: Uint32Array;
  /** For each request the size in bytes, at least 1. Another size is another content: it replaces the former. */
  readonly sizes: Float64Array;
  /** How many objects there are. */
  readonly population: number;
  /** Bytes of all objects, each as it was last seen: what a cache that never drops anything would hold. */
  readonly footprintBytes: number;
  /** Share of the objects that are asked for only once. */
  readonly onceShare: number;
}

export interface TraceWriter {
  add(key: number | bigint | string, sizeBytes: number): void;
  readonly length: number;
  done(): Trace;
}

/** Collects requests by whatever names them. */
export function traceWriter(name: string): TraceWriter {
  const numbers = new Map<number | bigint | string, number>();
  let objects = new Uint32Array(1 << 16);
  let sizes = new Float64Array(1 << 16);
  let length = 0;

  function grow(): void {
    const [wider, longer] = [new Uint32Array(length * 2), new Float64Array(length * 2)];
    wider.set(objects);
    longer.set(sizes);
    objects = wider;
    sizes = longer;
  }

  return {
    get length() {
      return length;
    },
    add(key, sizeBytes) {
      let number = numbers.get(key);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(key, number);
      }
      if (length === objects.length) grow();
      objects[length] = number;
      sizes[length] = Math.max(1, Math.round(sizeBytes));
      length++;
    },
    done() {
      const trace = { objects: objects.slice(0, length), sizes: sizes.slice(0, length) };
      return { name, ...trace, population: numbers.size, ...measured(trace, numbers.size) };
    },
  };
}

function measured({ objects, sizes }: Pick<Trace, 'objects' | 'sizes'>, population: number) {
  const counts = new Uint32Array(population);
  const last = new Float64Array(population);
  for (const [at, object] of objects.entries()) {
    counts[object] = (counts[object] ?? 0) + 1;
    last[object] = sizes[at] ?? 0;
  }
  const once = counts.reduce((sum, count) => sum + (count === 1 ? 1 : 0), 0);
  return {
    footprintBytes: last.reduce((sum, size) => sum + size, 0),
    onceShare: population === 0 ? 0 : once / population,
  };
}

/** For each request, where the same content is asked for next. Never again: infinity. */
export function nextUses({ objects, sizes, population }: Trace): Float64Array {
  const next = new Float64Array(objects.length);
  const seen = new Float64Array(population).fill(Number.POSITIVE_INFINITY);
  for (let at = objects.length - 1; at >= 0; at--) {
    const object = objects[at] ?? 0;
    const use = seen[object] ?? 0;
    next[at] = sizes[at] === sizes[use] ? use : Number.POSITIVE_INFINITY;
    seen[object] = at;
  }
  return next;
}
