/**
 * The purges that may still matter, numbered. To issue one only writes it down here: an entry knows the number that
 * was current when its response was asked for, and is compared with the purges since when it is next wanted. So a purge
 * of a million entries costs no more than that of one, and a response that was under way when it came is purged as well.
 *
 * What `sweep.ts` has gone through is retired. When too many wait for that, they become one purge of everything.
 */

import type { Purge, Selector } from '../../purge.ts';
import type { CacheKey } from '../../resource.ts';
import { groupTag } from './tags.ts';

/** Purges that are remembered at once, each once however often it is repeated. */
const maxMarks = 65_536;
/** Of these, those by prefix and glob, of keys or of tags: each is tried on its own. */
const maxPatterns = 256;

/** What has been purged, and when. Zero: never. */
export interface Mark {
  readonly selector: Selector;
  /** The number of the newest hard purge. */
  readonly hard: number;
  /** The number of the newest soft purge, and when it came, ms since the epoch. */
  readonly soft: number;
  readonly softMs: number;
  /** The number of the newest soft purge that was a suspicion. */
  readonly suspect: number;
}

/** What purges look at. */
export interface Purgeable {
  readonly key: CacheKey;
  readonly tags: readonly string[];
}

export type Fate =
  | { readonly as: 'kept' }
  /** Purged softly: stale since then, ms since the epoch. */
  | { readonly as: 'stale'; readonly sinceMs: number; readonly suspect: boolean }
  | { readonly as: 'gone' };

export interface Saved {
  readonly sequence: number;
  readonly marks: readonly Mark[];
}

export interface Ledger {
  /** The number of the newest purge. */
  readonly sequence: number;
  /** The number of the newest purge by tag or group: it may concern what has not shown its tags yet. */
  readonly newestByTag: number;
  /** How many are remembered. */
  readonly size: number;
  /** The number of the one that came first, of those; infinity when there is none. */
  readonly oldest: number;
  /** What the purges since the one with this number mean for an entry. */
  fate(of: Purgeable, since: number): Fate;
  /** Returns what is known of this selector now; of everything, when there were too many. */
  add(purge: Purge, nowMs: number): Mark;
  /** Forgets the purges up to this number: nothing is left that they could concern. */
  retire(upTo: number): void;
  marks(): Iterable<Mark>;
  /**
   * Takes over what was purged before any of this, and only now comes to light. All that has been purged here came later
   * than all that was stored then: where the numbers do not show that, everything is purged.
   */
  precede(earlier: Saved): void;
}

const byTag: ReadonlySet<Selector['by']> = new Set(['tag', 'tag-glob', 'group']);

const kept: Fate = { as: 'kept' };
const gone: Fate = { as: 'gone' };

export function openLedger(saved: Saved = { sequence: 0, marks: [] }): Ledger {
  /** By name, those purged least recently first. */
  const marks = new Map<string, Mark>();
  /** Those among them by prefix and glob. */
  const patterns = new Map<string, { readonly matches: (of: Purgeable) => boolean; mark: Mark }>();
  let newest = 0;

  function put(mark: Mark): void {
    const name = nameOf(mark.selector);
    marks.delete(name);
    marks.set(name, mark);
    newest = Math.max(newest, mark.hard, mark.soft);
    const matches = matcherOf(mark.selector);
    if (matches) patterns.set(name, { matches, mark });
  }

  /** Everything has been purged as much as anything has. */
  function fold(): Mark {
    const all = { selector: { by: 'all' } as const, hard: 0, soft: 0, softMs: 0, suspect: 0 };
    for (const mark of marks.values()) {
      all.hard = Math.max(all.hard, mark.hard);
      all.suspect = Math.max(all.suspect, mark.suspect);
      if (mark.soft >= all.soft) Object.assign(all, { soft: mark.soft, softMs: mark.softMs });
    }
    marks.clear();
    patterns.clear();
    put(all);
    return all;
  }

  function named(of: Purgeable): (Mark | undefined)[] {
    const { key, tags } = of;
    const found = [marks.get('all'), marks.get(`route ${routeOf(key)}`), marks.get(`key ${key}`)];
    for (const parent of parentsOf(key)) found.push(marks.get(`key ${parent}`));
    for (const tag of tags) found.push(marks.get(`tag ${tag}`));
    for (const { matches, mark } of patterns.values()) if (matches(of)) found.push(mark);
    return found;
  }

  const self = {
    sequence: saved.sequence,
    newestByTag: 0,
    get size() {
      return marks.size;
    },
    get oldest() {
      for (const { hard, soft } of marks.values()) return Math.max(hard, soft);
      return Number.POSITIVE_INFINITY;
    },

    fate(of: Purgeable, since: number): Fate {
      if (since >= newest) return kept;
      let sinceMs = Number.POSITIVE_INFINITY;
      let suspect = false;
      for (const mark of named(of)) {
        if (!mark) continue;
        if (mark.hard > since) return gone;
        if (mark.soft > since) sinceMs = Math.min(sinceMs, mark.softMs);
        if (mark.suspect > since) suspect = true;
      }
      return sinceMs === Number.POSITIVE_INFINITY ? kept : { as: 'stale', sinceMs, suspect };
    },

    add({ selector, soft, suspect = false }: Purge, nowMs: number): Mark {
      self.sequence++;
      if (byTag.has(selector.by)) self.newestByTag = self.sequence;
      const name = nameOf(selector);
      const known = marks.get(name) ?? { selector, hard: 0, soft: 0, softMs: 0, suspect: 0 };
      const softly = { soft: self.sequence, softMs: nowMs };
      const mark = {
        ...known,
        ...(soft ? softly : { hard: self.sequence }),
        ...(suspect ? { suspect: self.sequence } : {}),
      };
      put(mark);
      return marks.size > maxMarks || patterns.size > maxPatterns ? fold() : mark;
    },

    retire(upTo: number): void {
      newest = 0;
      for (const [name, mark] of marks) {
        if (Math.max(mark.hard, mark.soft) <= upTo) {
          marks.delete(name);
          patterns.delete(name);
        } else newest = Math.max(newest, mark.hard, mark.soft);
      }
    },

    marks: () => marks.values(),

    precede(earlier: Saved): void {
      const later = [...marks.values()];
      marks.clear();
      for (const mark of earlier.marks) put(mark);
      for (const mark of later) {
        const known = marks.get(nameOf(mark.selector));
        put(known ? newestOf(known, mark) : mark);
      }
      if (earlier.sequence <= saved.sequence) return;
      const hasPurged = self.sequence > saved.sequence;
      self.sequence = Math.max(self.sequence, earlier.sequence);
      if (hasPurged) self.add({ selector: { by: 'all' }, soft: false }, 0);
    },
  };
  for (const mark of saved.marks) put(mark);
  return self;
}

function newestOf(earlier: Mark, later: Mark): Mark {
  const { soft, softMs } = later.soft > earlier.soft ? later : earlier;
  const hard = Math.max(earlier.hard, later.hard);
  const suspect = Math.max(earlier.suspect, later.suspect);
  return { selector: later.selector, hard, soft, softMs, suspect };
}

/** The same for the same selector, and for no other one. */
export function nameOf(selector: Selector): string {
  switch (selector.by) {
    case 'key':
      return `key ${selector.key}`;
    case 'prefix':
      return `prefix ${selector.prefix}`;
    case 'glob':
      return `glob ${selector.glob}`;
    case 'tag':
      return `tag ${selector.tag}`;
    case 'tag-glob':
      return `tag-glob ${selector.glob}`;
    case 'group':
      return `tag ${groupTag(selector.route, selector.group)}`;
    case 'route':
      return `route ${selector.route}`;
    case 'all':
      return 'all';
  }
}

/** The first word of a key. */
export function routeOf(key: string): string {
  const end = key.indexOf(' ');
  return end === -1 ? key : key.slice(0, end);
}

/**
 * The keys that a key is kept under. A line break or a space parts what was asked for from what was made of it: a slice
 * (`<key>\n…`), a rendering for a PoP's clients (`<key> gzip https://…`). The first space belongs to the route.
 */
export function* parentsOf(key: string): Iterable<string> {
  for (let at = key.indexOf(' ') + 1; at < key.length; at++) {
    const code = key.charCodeAt(at);
    if (code === 0x20 || code === 0x0a) yield key.slice(0, at);
  }
}

/** The outermost of them, or the key itself: what a purge by key may reach has all the same one. */
export function baseOf(key: string): string {
  for (const parent of parentsOf(key)) return parent;
  return key;
}

/** Whether a purge by `key` reaches an entry with the key `other`. */
export function covers(key: string, other: string): boolean {
  if (!other.startsWith(key)) return false;
  const next = other.charAt(key.length);
  return next === '' || next === '\n' || next === ' ';
}

function matcherOf(selector: Selector): ((of: Purgeable) => boolean) | null {
  switch (selector.by) {
    case 'prefix':
      return ({ key }) => key.startsWith(selector.prefix);
    case 'glob': {
      const matches = globMatcher(selector.glob);
      return ({ key }) => matches(key);
    }
    case 'tag-glob': {
      const matches = globMatcher(selector.glob);
      return ({ tags }) => tags.some(matches);
    }
    default:
      return null;
  }
}

/** Each literal part is looked for once, from left to right: no pattern takes longer than the text is long, times its parts. */
function globMatcher(glob: string): (text: string) => boolean {
  const [first = '', ...rest] = glob.split('*');
  const last = rest.pop();
  if (last === undefined) return (text) => text === glob;
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
      return false;
    let at = first.length;
    for (const part of rest) {
      at = text.indexOf(part, at);
      if (at === -1) return false;
      at += part.length;
    }
    return at <= text.length - last.length;
  };
}
