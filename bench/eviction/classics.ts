/** Small made-up traces on which policies are known to differ. All objects are of one size, unless said otherwise. */
import { type Chance, chance, zipf } from './random.ts';
import { type Trace, traceWriter } from './trace.ts';

const requests = 400_000;
const objects = 50_000;

/** Independent requests by Zipf's law. */
export function zipfTrace(alpha: number, seed: number): Trace {
  const random = chance(seed);
  const rank = zipf(objects, alpha);
  return filled(`Zipf ${alpha.toFixed(1)}`, () => rank(random));
}

/** Zipf 1.0 with log-normal sizes, median 16 KiB, which have nothing to do with popularity. */
export function sizedZipfTrace(seed: number): Trace {
  const random = chance(seed);
  const rank = zipf(objects, 1);
  const sizes = Float64Array.from({ length: objects }, () => random.logNormal(16_384, 1.8));
  return filled(
    'Zipf 1.0, sizes log-normal',
    () => rank(random),
    (object) => sizes[object] ?? 1,
  );
}

/** The same objects round and round: the worst case of LRU, where the best is to hold on to any part of them. */
export function loopTrace(): Trace {
  const length = 2000;
  let at = 0;
  return filled('loop', () => at++ % length);
}

/** Zipf 0.9, and every so often somebody walks through thousands of objects that nobody else asks for. */
export function scanTrace(seed: number): Trace {
  const random = chance(seed);
  const rank = zipf(objects, 0.9);
  const [every, length] = [40_000, 15_000];
  let at = 0;
  let scanned = objects;
  return filled('Zipf 0.9 with scans', () =>
    at++ % every < length && isScan(random) ? scanned++ : rank(random),
  );
}

/** While a scan runs, four of five requests are its own. */
const isScan = (random: Chance) => random.next() < 0.8;

function filled(name: string, next: () => number, sizeOf: (object: number) => number = () => 1): Trace {
  const writer = traceWriter(name);
  for (let request = 0; request < requests; request++) {
    const object = next();
    writer.add(object, sizeOf(object));
  }
  return writer.done();
}
