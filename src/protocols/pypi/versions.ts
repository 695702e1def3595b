/**
 * Versions of Python packages and how they are ordered (PEP 440). Whatever spelling clients accept is read; numbers may be of any length
 * (dates with a time are common), so they are compared as digits.
 */
import type { VersionOrder } from '../registry/policy/order.ts';

const pattern = new RegExp(
  [
    '^v?(?:(?<epoch>\\d+)!)?(?<release>\\d+(?:\\.\\d+)*)',
    '(?:[-_.]?(?<pre>alpha|beta|preview|pre|a|b|c|rc)[-_.]?(?<preNumber>\\d+)?)?',
    '(?<post>-(?<bare>\\d+)|[-_.]?(?:post|rev|r)[-_.]?(?<postNumber>\\d+)?)?',
    '(?<dev>[-_.]?dev[-_.]?(?<devNumber>\\d+)?)?',
    '(?:\\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?$',
  ].join(''),
);

const longest = 200;

const preWords: Readonly<Record<string, string>> = {
  alpha: 'a',
  beta: 'b',
  c: 'rc',
  pre: 'rc',
  preview: 'rc',
};

/** Digits without leading zeros throughout. */
interface Version {
  readonly epoch: string;
  /** Without the zeros at its end: `1` and `1.0` are the same. */
  readonly release: readonly string[];
  readonly pre: { readonly word: string; readonly number: string } | null;
  readonly post: string | null;
  readonly dev: string | null;
  readonly local: readonly string[];
}

function parse(text: string): Version | null {
  const found = text.length > longest ? null : pattern.exec(text.trim().toLowerCase());
  const groups = found?.groups;
  if (groups === undefined) return null;
  const { epoch, release = '', pre, preNumber, post, bare, postNumber, dev, devNumber, local } = groups;
  return {
    epoch: digits(epoch),
    release: withoutZeros(release.split('.').map(digits)),
    pre: pre === undefined ? null : { word: preWords[pre] ?? pre, number: digits(preNumber) },
    post: post === undefined ? null : digits(bare ?? postNumber),
    dev: dev === undefined ? null : digits(devNumber),
    local: local?.split(/[-_.]/).map((part) => (isNumber(part) ? digits(part) : part)) ?? [],
  };
}

function digits(text = '0'): string {
  return text.replace(/^0+(?=\d)/, '');
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

function withoutZeros(release: readonly string[]): readonly string[] {
  let length = release.length;
  while (length > 1 && release[length - 1] === '0') length--;
  return release.slice(0, length);
}

function canonicalOf({ epoch, release, pre, post, dev, local }: Version): string {
  return [
    epoch === '0' ? '' : `${epoch}!`,
    release.join('.'),
    pre === null ? '' : pre.word + pre.number,
    post === null ? '' : `.post${post}`,
    dev === null ? '' : `.dev${dev}`,
    local.length === 0 ? '' : `+${local.join('.')}`,
  ].join('');
}

function compare(a: Version, b: Version): number {
  return (
    compareDigits(a.epoch, b.epoch) ||
    compareLists(a.release, b.release, compareDigits) ||
    stageOf(a) - stageOf(b) ||
    compareWords(a.pre?.word ?? '', b.pre?.word ?? '') ||
    compareDigits(a.pre?.number ?? '0', b.pre?.number ?? '0') ||
    comparePresent(a.post, b.post) ||
    // A version in development comes before what it leads to.
    -comparePresent(b.dev === null ? '' : null, a.dev === null ? '' : null) ||
    compareDigits(a.dev ?? '0', b.dev ?? '0') ||
    compareLists(a.local, b.local, compareLocal)
  );
}

/** `1.0.dev1` comes before `1.0a1`, and that before `1.0`. */
function stageOf({ pre, post, dev }: Version): number {
  if (pre !== null) return 1;
  return post === null && dev !== null ? 0 : 2;
}

/** What has none comes first. */
function comparePresent(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  return a === '' ? 0 : compareDigits(a, b);
}

function compareDigits(a: string, b: string): number {
  return a.length - b.length || compareWords(a, b);
}

function compareWords(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Numbers come after words. */
function compareLocal(a: string, b: string): number {
  const [first, second] = [isNumber(a), isNumber(b)];
  if (first !== second) return first ? 1 : -1;
  return first ? compareDigits(a, b) : compareWords(a, b);
}

function compareLists(
  a: readonly string[],
  b: readonly string[],
  each: (a: string, b: string) => number,
): number {
  for (const [at, part] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    const order = each(part, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

export const order: VersionOrder = {
  isVersion: (text) => parse(text) !== null,
  compare(a, b) {
    const [first, second] = [parse(a), parse(b)];
    if (first === null || second === null) throw new TypeError('only versions are ordered');
    return compare(first, second);
  },
  isPrerelease(version) {
    const parsed = parse(version);
    return parsed !== null && (parsed.pre !== null || parsed.dev !== null);
  },
  canonical(version) {
    const parsed = parse(version);
    return parsed === null ? version : canonicalOf(parsed);
  },
};
