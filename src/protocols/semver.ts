/** Versions as semver.org 2.0.0 has them: of what ecosystems share that write them so, with a prefix of their own or without. */

export interface Semver {
  /** Major, minor, patch: as long as they like, so compared as texts. */
  readonly numbers: readonly [string, string, string];
  /** Between the dots, without the dash; empty: a release. */
  readonly prerelease: readonly string[];
  /** Without the plus; empty: none. Without meaning for the order. */
  readonly build: string;
}

/** Longer ones are none. */
const longest = 256;

const number = '(0|[1-9]\\d*)';
const word = '(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
const pattern = new RegExp(
  `^${number}\\.${number}\\.${number}(?:-(${word}(?:\\.${word})*))?(?:\\+([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?$`,
);

/** `null`: it is none. */
export function readSemver(text: string): Semver | null {
  const found = text.length <= longest ? pattern.exec(text) : null;
  if (found === null) return null;
  const [, major = '', minor = '', patch = '', prerelease = '', build = ''] = found;
  return {
    numbers: [major, minor, patch],
    prerelease: prerelease === '' ? [] : prerelease.split('.'),
    build,
  };
}

/** Negative: `a` is lower (semver.org §11). */
export function compareSemver(a: Semver, b: Semver): number {
  for (const [at, mine] of a.numbers.entries()) {
    const order = compareNumbers(mine, b.numbers[at] ?? '0');
    if (order !== 0) return order;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return Number(a.prerelease.length === 0) - Number(b.prerelease.length === 0);
  }
  for (const [at, mine] of a.prerelease.entries()) {
    const other = b.prerelease[at];
    if (other === undefined) return 1;
    const order = compareWords(mine, other);
    if (order !== 0) return order;
  }
  return a.prerelease.length - b.prerelease.length;
}

function compareWords(a: string, b: string): number {
  const [isNumber, otherIsNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && otherIsNumber) return compareNumbers(a, b);
  if (isNumber !== otherIsNumber) return isNumber ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}

/** Decimal digits without leading zeros. */
function compareNumbers(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : Number(a > b);
}
