/**
 * Versions of Python distributions (packaging.python.org/specifications/version-specifiers, formerly PEP 440):
 *
 *     [N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]
 */
import type { VersionOrder } from '../registry/policy/order.ts';
import { compareNumbers, compareText } from '../registry/policy/semver.ts';

/** One that has been read. */
export interface Version {
  readonly epoch: string;
  /** Without zeros at the end. */
  readonly release: readonly string[];
  readonly pre: readonly [word: 'a' | 'b' | 'rc', number: string] | null;
  readonly post: string | null;
  readonly dev: string | null;
  readonly local: readonly string[];
}

/** Longest text that is looked at. */
const LENGTH = 256;

/** The specification's own pattern (appendix), in lower case. */
const shape = new RegExp(
  [
    /^\s*v?(?:(?<epoch>\d+)!)?(?<release>\d+(?:\.\d+)*)/,
    /(?:[-_.]?(?<word>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<pre>\d+)?)?/,
    /(?<hasPost>-(?<implicit>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?<post>\d+)?)?/,
    /(?<hasDev>[-_.]?dev[-_.]?(?<dev>\d+)?)?/,
    /(?:\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$/,
  ]
    .map(({ source }) => source)
    .join(''),
);

const words: Readonly<Record<string, 'a' | 'b' | 'rc'>> = {
  ...{ a: 'a', alpha: 'a', b: 'b', beta: 'b' },
  ...{ c: 'rc', rc: 'rc', pre: 'rc', preview: 'rc' },
};

/** `null`: it is none. */
export function readVersion(text: string): Version | null {
  const found = text.length > LENGTH ? undefined : shape.exec(text.toLowerCase())?.groups;
  if (found === undefined) return null;
  const word = words[found['word'] ?? ''];
  return {
    epoch: found['epoch'] ?? '0',
    release: withoutZeros((found['release'] ?? '0').split('.')),
    pre: word === undefined ? null : [word, found['pre'] ?? '0'],
    post: found['hasPost'] === undefined ? null : (found['implicit'] ?? found['post'] ?? '0'),
    dev: found['hasDev'] === undefined ? null : (found['dev'] ?? '0'),
    local: found['local']?.split(/[-_.]/) ?? [],
  };
}

function known(text: string): Version {
  const found = readVersion(text);
  if (found === null) throw new TypeError(`${text} is no version`);
  return found;
}

export const versions: VersionOrder = {
  isVersion: (text) => readVersion(text) !== null,
  compare: (a, b) => compareVersions(known(a), known(b)),
  isPrerelease: (version) => isPrerelease(known(version)),
  canonical: (version) => written(known(version)),
  basisOf(version) {
    const found = known(version);
    if (found.local.length > 0) return written({ ...found, local: [] });
    const { pre, post, dev } = found;
    if (pre !== null) return written({ ...found, pre: null, post: null, dev: null });
    return dev === null ? null : written({ ...found, post, dev: null });
  },
};

export function isPrerelease({ pre, dev }: Version): boolean {
  return pre !== null || dev !== null;
}

/** Negative: `a` is lower. */
export function compareVersions(a: Version, b: Version): number {
  return (
    compareNumbers(a.epoch, b.epoch) ||
    compareLists(a.release, b.release, (one = '0', other = '0') => compareNumbers(one, other)) ||
    stage(a) - stage(b) ||
    compareText(a.pre?.[0] ?? '', b.pre?.[0] ?? '') ||
    compareNumbers(a.pre?.[1] ?? '0', b.pre?.[1] ?? '0') ||
    compareOptional(a.post, b.post, -1) ||
    compareOptional(a.dev, b.dev, 1) ||
    compareLists(a.local, b.local, compareLocal)
  );
}

/** Development releases come before pre-releases, those before the release. */
function stage({ pre, post, dev }: Version): number {
  if (pre !== null) return 1;
  return post === null && dev !== null ? 0 : 2;
}

/** @param absent where what has none comes: before (-1) or after (1) all that have one. */
function compareOptional(a: string | null, b: string | null, absent: -1 | 1): number {
  if (a !== null && b !== null) return compareNumbers(a, b);
  if (a === b) return 0;
  return a === null ? absent : -absent;
}

/** Words come before numbers, and what is shorter before what is longer. */
function compareLocal(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const [isNumber, isOther] = [isDigits(a), isDigits(b)];
  if (isNumber && isOther) return compareNumbers(a, b);
  if (isNumber !== isOther) return isNumber ? 1 : -1;
  return compareText(a, b);
}

function compareLists(
  a: readonly string[],
  b: readonly string[],
  order: (one: string | undefined, other: string | undefined) => number,
): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const found = order(a[at], b[at]);
    if (found !== 0) return found;
  }
  return 0;
}

/** As the specification writes it, without zeros at the end of the release. */
function written({ epoch, release, pre, post, dev, local }: Version): string {
  return [
    plain(epoch) === '0' ? '' : `${plain(epoch)}!`,
    release.map(plain).join('.'),
    pre === null ? '' : `${pre[0]}${plain(pre[1])}`,
    post === null ? '' : `.post${plain(post)}`,
    dev === null ? '' : `.dev${plain(dev)}`,
    local.length === 0 ? '' : `+${local.map((each) => (isDigits(each) ? plain(each) : each)).join('.')}`,
  ].join('');
}

function withoutZeros(release: readonly string[]): readonly string[] {
  const last = release.findLastIndex((number) => plain(number) !== '0');
  return release.slice(0, Math.max(1, last + 1));
}

function isDigits(text: string): boolean {
  return /^\d+$/.test(text);
}

function plain(number: string): string {
  return number.replace(/^0+(?=\d)/, '');
}
