/**
 * Addresses that mean the same by `No-Vary-Search`: a request for one of them is answered with what is stored under
 * another.
 *
 * An entry stays under the key that it was stored with. What is learnt here is only where to look when there is
 * nothing under a request's own key: which rule a path had last, and under which key something was stored that the
 * rule makes equal. Whether it may be used, the entry alone decides, by the field that it bears itself. What is learnt is
 * lost at a restart, and learnt anew from what is brought back from disk.
 */
import type { Clock } from '../clock.ts';
import type { Entry } from '../entry.ts';
import { parseNoVarySearch, type SearchVariance } from '../http/no-vary-search.ts';
import type { CacheKey, Resource } from '../resource.ts';
import { remember } from './remember.ts';

export interface Equivalents {
  /** A response to this resource is being stored, with this field; or is, and is being used again. */
  learn(resource: Pick<Resource, 'key' | 'hasQuery'>, noVarySearch: string | null): void;
  /** Where to look for something that is equal to the resource; `null` when nothing is known. */
  keyFor(resource: Resource): CacheKey | null;
  /** Whether an entry may be used for the resource, by its own word. */
  covers(entry: Entry, resource: Resource): boolean;
  /** The other key that is outdated together with this one. */
  forget(key: CacheKey): CacheKey | null;
}

/** Paths with a rule, and reduced addresses with a key, that are remembered at once: so many of each. */
const maxNotes = 16_384;
/** How long, since a response with the field was last stored. */
const learntMs = 60 * 60_000;

export function equivalents(clock: Clock): Equivalents {
  /** By the key up to its query. */
  const rules = remember<SearchVariance>(clock, maxNotes);
  const keys = remember<CacheKey>(clock, maxNotes);
  let isEmpty = true;

  function reducedKey(key: string): string | null {
    const path = pathOf(key);
    const rule = rules.get(path);
    return rule ? `${path}?${rule(queryOf(key))}` : null;
  }

  return {
    learn({ key, hasQuery }, noVarySearch) {
      if (!hasQuery) return;
      const rule = parseNoVarySearch(noVarySearch);
      if (rule === null) return;
      isEmpty = false;
      rules.note(pathOf(key), rule, learntMs);
      const reduced = reducedKey(key);
      if (reduced !== null) keys.note(reduced, key, learntMs);
    },

    keyFor({ key, hasQuery }) {
      if (isEmpty || !hasQuery) return null;
      const reduced = reducedKey(key);
      const other = reduced === null ? undefined : keys.get(reduced);
      return other === undefined || other === key ? null : other;
    },

    covers(entry, resource) {
      const { key } = entry;
      const rule = parseNoVarySearch(noVarySearchOf(entry));
      if (rule === null || pathOf(key) !== pathOf(resource.key)) return false;
      return rule(queryOf(key)) === rule(queryOf(resource.key));
    },

    forget(key) {
      if (isEmpty) return null;
      const reduced = reducedKey(key);
      const other = reduced === null ? undefined : keys.get(reduced);
      if (reduced !== null) keys.forget(reduced);
      return other ?? null;
    },
  };
}

export function noVarySearchOf({ fields }: Entry): string | null {
  return fields.find(([name]) => name === 'no-vary-search')?.[1] ?? null;
}

function pathOf(key: string): string {
  const at = key.indexOf('?');
  return at === -1 ? key : key.slice(0, at);
}

function queryOf(key: string): string {
  return key.slice(pathOf(key).length);
}
