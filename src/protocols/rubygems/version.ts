/**
 * Versions of gems, as `Gem::Version` orders them: numbers and words, of which a word comes before every number, so that what has one is a
 * pre-release. Zeros at the end of the numbers, and of the rest, do not count.
 */
import type { VersionOrder } from '../registry/policy/order.ts';
import { compareNumbers, compareText } from '../registry/policy/semver.ts';

/** Longest text that is looked at. */
const LENGTH = 256;

const shape = /^[0-9]+(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

interface Segments {
  readonly numbers: readonly string[];
  /** From the first word on. */
  readonly rest: readonly string[];
}

export const versions: VersionOrder = {
  isVersion: (text) => text.length <= LENGTH && shape.test(text),
  compare(a, b) {
    const [ours, theirs] = [all(read(a)), all(read(b))];
    for (let at = 0; at < Math.max(ours.length, theirs.length); at++) {
      const order = compareSegments(ours[at] ?? '0', theirs[at] ?? '0');
      if (order !== 0) return order;
    }
    return 0;
  },
  isPrerelease: (version) => read(version).rest.length > 0,
  canonical: (version) => all(read(version)).join('.') || '0',
  basisOf(version) {
    const { numbers, rest } = read(version);
    return rest.length === 0 ? null : numbers.join('.') || '0';
  },
};

function read(version: string): Segments {
  const segments = version.replaceAll('-', '.pre.').match(/[0-9]+|[a-z]+/gi) ?? [];
  const plain = segments.map((each) => each.replace(/^0+(?=\d)/, ''));
  const word = plain.findIndex((each) => !isNumber(each));
  const start = word < 0 ? plain.length : word;
  return { numbers: withoutZeros(plain.slice(0, start)), rest: withoutZeros(plain.slice(start)) };
}

function all({ numbers, rest }: Segments): readonly string[] {
  return [...numbers, ...rest];
}

function compareSegments(a: string, b: string): number {
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? 1 : -1;
  return compareText(a, b);
}

function isNumber(segment: string): boolean {
  return /^\d/.test(segment);
}

function withoutZeros(segments: readonly string[]): readonly string[] {
  return segments.slice(0, segments.findLastIndex((each) => each !== '0') + 1);
}
