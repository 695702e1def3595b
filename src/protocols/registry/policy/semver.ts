/**
 * Semantic versions (semver.org, 2.0.0), as several ecosystems have them, each a little differently: how many numbers there are, and how few
 * do. Numbers may have any length, so they are compared as text.
 */
import type { VersionOrder } from './order.ts';

interface SemanticVersion {
  /** Digits without leading zeros; of full length. */
  readonly numbers: readonly string[];
  readonly prerelease: readonly string[];
  /** With its plus sign, or empty. It does not count for order (§10). */
  readonly build: string;
}

interface Grammar {
  /** Before the numbers: what may be there, and what canonical versions have. */
  readonly prefix?: { readonly may: string; readonly has: string } | undefined;
  /** Fewest numbers that are a version: the others are 0. */
  readonly fewest: number;
  readonly most: number;
  /** Of numbers, also in a pre-release. */
  readonly leadingZeros?: boolean | undefined;
  readonly ignoresCase?: boolean | undefined;
  /** What of the build a canonical version has. */
  readonly build: (build: string) => string;
}

/** Longest text that is looked at. */
const LENGTH = 256;

const shape =
  /^([a-z]?)(\d+(?:\.\d+)*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
const digits = /^\d+$/;

/** `null`: it is none. */
function readSemantic(text: string, grammar: Grammar): SemanticVersion | null {
  const found = text.length > LENGTH ? null : shape.exec(text);
  if (found === null) return null;
  const [, prefix = '', release = '', prerelease, build = ''] = found;
  if (prefix !== '' && prefix !== grammar.prefix?.may) return null;
  const written = release.split('.');
  if (written.length < grammar.fewest || written.length > grammar.most) return null;
  const cased = grammar.ignoresCase ? prerelease?.toLowerCase() : prerelease;
  const labels = cased?.split('.') ?? [];
  const hasLeadingZeros = [...written, ...labels].some((each) => digits.test(each) && each !== plain(each));
  if (hasLeadingZeros && !grammar.leadingZeros) return null;
  const missing = Array.from({ length: grammar.most - written.length }, () => '0');
  return {
    numbers: [...written.map(plain), ...missing],
    prerelease: labels.map((each) => (digits.test(each) ? plain(each) : each)),
    build,
  };
}

/** As precedence has it (§11). */
function compareSemantic(a: SemanticVersion, b: SemanticVersion): number {
  for (const [at, number] of a.numbers.entries()) {
    const order = compareNumbers(number, b.numbers[at] ?? '0');
    if (order !== 0) return order;
  }
  const [ours, theirs] = [a.prerelease, b.prerelease];
  if (ours.length === 0 || theirs.length === 0) return Math.sign(theirs.length - ours.length);
  for (const [at, label] of ours.entries()) {
    const other = theirs[at];
    if (other === undefined) return 1;
    const order = compareLabels(label, other);
    if (order !== 0) return order;
  }
  return ours.length < theirs.length ? -1 : 0;
}

/** Of the same length in the ecosystem's own words: at least three numbers. */
export function semanticOrder(grammar: Grammar): VersionOrder {
  const read = (text: string): SemanticVersion => {
    const found = readSemantic(text, grammar);
    if (found === null) throw new TypeError(`${text} is no version`);
    return found;
  };
  const release = ({ numbers }: SemanticVersion): string => {
    const shown = numbers.filter((number, at) => at < 3 || number !== '0');
    return `${grammar.prefix?.has ?? ''}${shown.join('.')}`;
  };
  return {
    isVersion: (text) => readSemantic(text, grammar) !== null,
    compare: (a, b) => compareSemantic(read(a), read(b)),
    isPrerelease: (version) => read(version).prerelease.length > 0,
    canonical(version) {
      const found = read(version);
      const labels = found.prerelease.length === 0 ? '' : `-${found.prerelease.join('.')}`;
      return `${release(found)}${labels}${grammar.build(found.build)}`;
    },
    basisOf(version) {
      const found = read(version);
      return found.prerelease.length === 0 ? null : release(found);
    },
  };
}

/** Of digits alone: a negative number where `a` is less. */
export function compareNumbers(a: string, b: string): number {
  const [one, other] = [plain(a), plain(b)];
  return Math.sign(one.length - other.length) || compareText(one, other);
}

/** By the codes of the characters. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Numbers come before words (§11.4.3). */
function compareLabels(a: string, b: string): number {
  const [isNumber, isOther] = [digits.test(a), digits.test(b)];
  if (isNumber && isOther) return compareNumbers(a, b);
  if (isNumber !== isOther) return isNumber ? -1 : 1;
  return compareText(a, b);
}

function plain(number: string): string {
  return number.replace(/^0+(?=\d)/, '');
}
