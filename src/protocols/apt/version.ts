/**
 * Versions of Debian packages: `[epoch:]upstream[-revision]`, in the order of Debian policy §5.6.12 (and of `dpkg --compare-versions`). A
 * tilde comes before everything, even before the end: `1.0~rc1` is lower than `1.0`. That is an order and nothing more: clients take what has
 * one as they take everything else, since updates of stable releases have one, too.
 */
import type { VersionOrder } from '../registry/policy/order.ts';
import { compareNumbers } from '../registry/policy/semver.ts';

/** Longest text that is looked at. */
const LENGTH = 256;

const shape = /^(?:(?<epoch>\d{1,9}):)?(?<upstream>\d[A-Za-z0-9.+~:-]*?)(?:-(?<revision>[A-Za-z0-9+.~]+))?$/;

interface Version {
  readonly epoch: string;
  readonly upstream: string;
  readonly revision: string;
}

export const versions: VersionOrder = {
  isVersion: (text) => read(text) !== null,
  compare(a, b) {
    const [ours, theirs] = [known(a), known(b)];
    return (
      compareNumbers(ours.epoch, theirs.epoch) ||
      compareParts(ours.upstream, theirs.upstream) ||
      compareParts(ours.revision, theirs.revision)
    );
  },
  isPrerelease: () => false,
  /** Without an epoch of 0. Whatever else differs is another file in an archive. */
  canonical: (version) => version.replace(/^0+:/, ''),
  basisOf: () => null,
};

function read(text: string): Version | null {
  const found = text.length > LENGTH ? undefined : shape.exec(text)?.groups;
  if (found === undefined) return null;
  const { epoch = '0', upstream = '', revision = '' } = found;
  // A colon is taken for that of the epoch, so without one there is none; and a dash for that of a revision.
  if ((found['epoch'] === undefined && upstream.includes(':')) || upstream.endsWith('-')) return null;
  return { epoch, upstream, revision };
}

function known(text: string): Version {
  const found = read(text);
  if (found === null) throw new TypeError(`${text} is no version`);
  return found;
}

/** Turn by turn: what is no digits, by weight, and then digits, by value. */
function compareParts(a: string, b: string): number {
  let [left, right] = [a, b];
  while (left !== '' || right !== '') {
    const [ours, theirs] = [/^\D*/.exec(left)?.[0] ?? '', /^\D*/.exec(right)?.[0] ?? ''];
    const words = compareWords(ours, theirs);
    if (words !== 0) return words;
    [left, right] = [left.slice(ours.length), right.slice(theirs.length)];
    const [number, other] = [/^\d*/.exec(left)?.[0] ?? '', /^\d*/.exec(right)?.[0] ?? ''];
    const numbers = compareNumbers(number || '0', other || '0');
    if (numbers !== 0) return numbers;
    [left, right] = [left.slice(number.length), right.slice(other.length)];
  }
  return 0;
}

function compareWords(a: string, b: string): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = weightOf(a[at]) - weightOf(b[at]);
    if (order !== 0) return order;
  }
  return 0;
}

/** A tilde, then the end, then letters, then everything else. */
function weightOf(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === '~') return -1;
  return character.charCodeAt(0) + (/[A-Za-z]/.test(character) ? 0 : 256);
}
