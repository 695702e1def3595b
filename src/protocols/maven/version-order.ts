/**
 * How Maven orders versions: `ComparableVersion` of maven-artifact, which any text is a version for. `1.0-alpha1` < `1.0-beta` <
 * `1.0-SNAPSHOT` < `1.0` = `1.0.0` = `1.0-ga` < `1.0-sp` < `1.0-jre` < `1.0-1` < `1.0.1`.
 */
import type { VersionOrder } from '../registry/policy/order.ts';

export const order: VersionOrder = {
  isVersion: (text) => versionPattern.test(text),
  compare: (a, b) => compareItems(parse(a), parse(b)),
  isPrerelease: (version) => hasPrerelease(parse(version)),
  canonical: (version) => written(parse(version)),
};

/** In order, the lowest first; each parsed once. */
export function sorted(versions: Iterable<string>): string[] {
  return Array.from(versions, (version) => ({ version, items: parse(version) }))
    .sort((a, b) => compareItems(a.items, b.items) || sign(a.version, b.version))
    .map(({ version }) => version);
}

/** What a version may be in an address, and in the name of a file. */
export const versionPattern = /^[\w+][\w.+~=@!-]{0,199}$/;

/** A number, a word, or what stands behind a dash or where digits meet letters. */
type Item = bigint | string | readonly Item[];

/** Words that Maven knows, in order; '' is the release itself. All others come after them. */
const qualifiers = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const release = '5';
const aliases: Readonly<Record<string, string>> = { ga: '', final: '', release: '', cr: 'rc' };
const shortened: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };

function parse(version: string): Item[] {
  const text = version.toLowerCase();
  const root: Item[] = [];
  const lists = [root];
  let list = root;
  let isDigit = false;
  let start = 0;
  const deeper = () => {
    const next: Item[] = [];
    list.push(next);
    lists.push(next);
    list = next;
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '.' || character === '-') {
      list.push(at === start ? 0n : itemOf(isDigit, text.slice(start, at)));
      start = at + 1;
      if (character === '-') deeper();
    } else {
      const isNow = character >= '0' && character <= '9';
      if (isNow !== isDigit && at > start) {
        // A word that digits follow, or that ends it, stands as behind a dash, even where a dot is: `1.0.RC1` < `1.0-RC2`.
        if (!isDigit && list.length > 0) deeper();
        list.push(isDigit ? itemOf(true, text.slice(start, at)) : word(text.slice(start, at), true));
        start = at;
        deeper();
      }
      isDigit = isNow;
    }
  }
  if (text.length > start) {
    if (!isDigit && list.length > 0) deeper();
    list.push(itemOf(isDigit, text.slice(start)));
  }
  for (const each of lists.reverse()) normalise(each);
  return root;
}

function itemOf(isDigit: boolean, text: string): Item {
  return isDigit ? BigInt(text) : word(text, false);
}

function word(text: string, isBeforeDigit: boolean): string {
  const long = isBeforeDigit ? (shortened[text] ?? text) : text;
  return Object.hasOwn(aliases, long) ? aliases[long]! : long;
}

/** Takes away what says nothing: noughts at the end, and before a list. */
function normalise(list: Item[]): void {
  for (let at = list.length - 1; at >= 0; at -= 1) {
    const item = list[at]!;
    if (item === 0n || item === '' || (Array.isArray(item) && item.length === 0)) list.splice(at, 1);
    else if (!Array.isArray(item)) break;
  }
}

function compareItems(a: Item, b: Item | null): number {
  if (typeof a === 'bigint') {
    if (b === null) return a === 0n ? 0 : 1;
    return typeof b === 'bigint' ? sign(a, b) : 1;
  }
  if (typeof a === 'string') {
    if (b === null) return sign(rank(a), release);
    return typeof b === 'string' ? sign(rank(a), rank(b)) : -1;
  }
  if (b === null) {
    for (const item of a) {
      const result = compareItems(item, null);
      if (result !== 0) return result;
    }
    return 0;
  }
  if (typeof b === 'bigint') return -1;
  if (typeof b === 'string') return 1;
  for (let at = 0; at < a.length || at < b.length; at += 1) {
    const [left, right] = [a[at], b[at]];
    const result = left === undefined ? -compareItems(right!, null) : compareItems(left, right ?? null);
    if (result !== 0) return result;
  }
  return 0;
}

/** Compared as text, as Maven does: unknown words come last, by their letters. */
function rank(qualifier: string): string {
  const at = qualifiers.indexOf(qualifier);
  return at < 0 ? `${qualifiers.length}-${qualifier}` : String(at);
}

function sign<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function hasPrerelease(item: Item): boolean {
  if (typeof item === 'string') return rank(item) < release;
  return Array.isArray(item) && item.some(hasPrerelease);
}

function written(items: Item): string {
  if (!Array.isArray(items)) return String(items);
  return items.reduce<string>((text, item) => {
    const separator = text === '' ? '' : Array.isArray(item) ? '-' : '.';
    return text + separator + written(item);
  }, '');
}
