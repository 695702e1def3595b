/**
 * Versions of Maven artifacts (maven.apache.org/pom.html, "Version Order Specification", and the class `ComparableVersion` that it describes).
 * Any text is one. It is a tree: a dash, and every change between digits and letters, opens a list within the list; what means nothing at the
 * end of a list (`0`, `final`) is dropped.
 */
import type { VersionOrder } from '../registry/policy/order.ts';
import { compareNumbers, compareText } from '../registry/policy/semver.ts';

/** A number, a word, or a list of items. */
type Item = { readonly number: string } | { readonly word: string } | Item[];

/** Longest text that is looked at. */
const LENGTH = 256;

/** In rising order; any other word comes after them, by its letters. The empty one is the release itself. */
const qualifiers = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const aliases: Readonly<Record<string, string>> = { ga: '', final: '', release: '', cr: 'rc' };
/** Of one letter, before a digit. */
const letters: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };

/** The first word that says that a release is still to come, with what stands before it. */
const ahead =
  /(?:^|[-._]|(?<=\d))(?:alpha|beta|milestone|rc|cr|snapshot|[abm](?=\d)|\d{8}\.\d{6}-\d+$)(?![a-z])/i;

export const versions: VersionOrder = {
  isVersion: (text) => text.length > 0 && text.length <= LENGTH && /^[\w.+~-]+$/.test(text),
  compare: (a, b) => compare(read(a), read(b)),
  isPrerelease: (version) => ahead.test(version),
  canonical(version) {
    const text = canonical(read(version)) || '0';
    // What begins or ends with an empty piece cannot be written more shortly.
    return compare(read(text), read(version)) === 0 ? text : version.toLowerCase();
  },
  basisOf(version) {
    const at = ahead.exec(version)?.index;
    return at === undefined ? null : version.slice(0, at) || '0';
  },
};

/** The lowest first; each is read once. */
export function inOrder(texts: Iterable<string>): string[] {
  return Array.from(texts, (text) => ({ text, items: read(text) }))
    .sort((a, b) => compare(a.items, b.items) || compareText(a.text, b.text))
    .map(({ text }) => text);
}

function read(version: string): Item[] {
  const text = version.toLowerCase();
  const whole: Item[] = [];
  const lists = [whole];
  const open = () => {
    const list: Item[] = [];
    lists.at(-1)?.push(list);
    lists.push(list);
  };
  const add = (item: Item) => lists.at(-1)?.push(item);
  const pieces = text.match(/\d+|[^\d.-]+|[.-]/g) ?? [];
  let before = '';
  for (const [at, piece] of pieces.entries()) {
    if (piece === '.' || piece === '-') {
      if (before === '' || before === '.' || before === '-') add({ number: '0' });
      if (piece === '-') open();
    } else {
      const next = pieces[at + 1] ?? '';
      const follows = before !== '' && before !== '.' && before !== '-';
      // `1.x2` is `1-x2`, and so is `1.x`; `1.x.2` is not.
      const isLast = !isNumber(piece) && next !== '.' && next !== '-';
      if (follows || (isLast && lists.at(-1)?.length !== 0)) open();
      add(isNumber(piece) ? { number: piece } : { word: wordOf(piece, isNumber(next)) });
    }
    before = piece;
  }
  for (const list of lists.reverse()) trim(list);
  return whole;
}

function isNumber(piece: string): boolean {
  return /^\d/.test(piece);
}

function wordOf(text: string, isBeforeDigit: boolean): string {
  const word = isBeforeDigit && Object.hasOwn(letters, text) ? (letters[text] ?? text) : text;
  return Object.hasOwn(aliases, word) ? (aliases[word] ?? word) : word;
}

/** Drops what means nothing from the end, also what stands before lists. */
function trim(list: Item[]): void {
  for (let at = list.length - 1; at >= 0; at--) {
    const item = list[at];
    if (item === undefined) return;
    if (isNothing(item)) list.splice(at, 1);
    else if (!Array.isArray(item)) return;
  }
}

function isNothing(item: Item): boolean {
  if (Array.isArray(item)) return item.length === 0;
  return 'number' in item ? /^0*$/.test(item.number) : item.word === '';
}

/** A word comes before a list, a list before a number. @param b `undefined`: nothing, which is what a release has there. */
function compare(a: Item | undefined, b: Item | undefined): number {
  if (a === undefined) return b === undefined ? 0 : -compare(b, a);
  if (b === undefined) return compareToNothing(a);
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let at = 0; at < Math.max(a.length, b.length); at++) {
      const order = compare(a[at], b[at]);
      if (order !== 0) return order;
    }
    return 0;
  }
  const [one, other] = [kindOf(a), kindOf(b)];
  if (one !== other) return one - other;
  if ('number' in a && 'number' in b) return compareNumbers(a.number, b.number);
  return 'word' in a && 'word' in b ? compareWords(a.word, b.word) : 0;
}

function compareToNothing(item: Item): number {
  if (Array.isArray(item)) {
    return item.map(compareToNothing).find((order) => order !== 0) ?? 0;
  }
  return 'number' in item ? compareNumbers(item.number, '0') : compareWords(item.word, '');
}

function kindOf(item: Item): number {
  if (Array.isArray(item)) return 1;
  return 'number' in item ? 2 : 0;
}

function compareWords(a: string, b: string): number {
  const [one, other] = [qualifiers.indexOf(a), qualifiers.indexOf(b)];
  if (one < 0 && other < 0) return compareText(a, b);
  if (one < 0 || other < 0) return one < 0 ? 1 : -1;
  return one - other;
}

function canonical(list: readonly Item[]): string {
  let text = '';
  for (const item of list) {
    if (Array.isArray(item)) text += `-${canonical(item)}`;
    else
      text += `${text === '' ? '' : '.'}${'number' in item ? item.number.replace(/^0+(?=\d)/, '') : item.word}`;
  }
  return text;
}
