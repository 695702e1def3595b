/** How Debian orders versions (Debian Policy §5.6.12): `[epoch:]upstream[-revision]`, with `~` before everything, even the end. */
import type { VersionOrder } from '../registry/policy/order.ts';

const form = /^(?:(\d{1,9}):)?([0-9A-Za-z][A-Za-z0-9.+~:-]*?)(?:-([A-Za-z0-9+.~]+))?$/;
const MAX_LENGTH = 256;

interface Parts {
  readonly epoch: number;
  readonly upstream: string;
  readonly revision: string;
}

function partsOf(version: string): Parts | null {
  if (version.length > MAX_LENGTH) return null;
  const [, epoch = '0', upstream, revision = '0'] = form.exec(version) ?? [];
  return upstream === undefined ? null : { epoch: Number(epoch), upstream, revision };
}

export const debianOrder: VersionOrder = {
  isVersion: (text) => partsOf(text) !== null,
  compare(a, b) {
    const [one, other] = [partsOf(a), partsOf(b)];
    if (one === null || other === null) return a < b ? -1 : a > b ? 1 : 0;
    return (
      one.epoch - other.epoch ||
      compareText(one.upstream, other.upstream) ||
      compareText(one.revision, other.revision)
    );
  },
  // `1.0~rc1` is one; apt takes it like any other.
  isPrerelease: (version) => version.includes('~'),
  canonical: (version) => version.replace(/^0+:/, ''),
};

/** Text and numbers in turns, the text by characters and the numbers by value. */
function compareText(a: string, b: string): number {
  let [at, its] = [0, 0];
  while (at < a.length || its < b.length) {
    while ((at < a.length && !isDigit(a, at)) || (its < b.length && !isDigit(b, its))) {
      const difference = weightOf(a, at) - weightOf(b, its);
      if (difference !== 0) return difference;
      at++;
      its++;
    }
    const [one, other] = [numberAt(a, at), numberAt(b, its)];
    const [first, second] = [one.replace(/^0+/, ''), other.replace(/^0+/, '')];
    if (first.length !== second.length) return first.length - second.length;
    if (first !== second) return first < second ? -1 : 1;
    at += one.length;
    its += other.length;
  }
  return 0;
}

function numberAt(text: string, at: number): string {
  let end = at;
  while (end < text.length && isDigit(text, end)) end++;
  return text.slice(at, end);
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

/** `~` first, then the end and digits, then letters, then everything else. */
function weightOf(text: string, at: number): number {
  if (at >= text.length || isDigit(text, at)) return 0;
  const char = text.charAt(at);
  if (char === '~') return -1;
  return /[A-Za-z]/.test(char) ? char.charCodeAt(0) : char.charCodeAt(0) + 256;
}
