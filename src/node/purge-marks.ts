/**
 * The names by which purges reach copies outside the cache: a purge marks one, and a copy is concerned by the marks of all of its own.
 * Coarser than the cache's own ledger where it has to look at a key (`prefix`, `glob`), never finer.
 */
import { nameOf, parentsOf, routeOf } from '../cache/purge/ledger.ts';
import type { Selector } from '../purge.ts';
import type { CacheKey } from '../resource.ts';

/** Concerns everything. */
export const everything = 'all';

/** Whose own name is a name of all that they concern. */
const exact: ReadonlySet<Selector['by']> = new Set(['key', 'tag', 'group', 'route', 'all']);

export function marksOfPurge(selector: Selector): readonly string[] {
  if (exact.has(selector.by)) return [nameOf(selector)];
  if (selector.by === 'prefix') return [ofRoute(selector.prefix)];
  if (selector.by === 'glob') return [ofRoute(selector.glob.split('*')[0] ?? '')];
  return [everything];
}

/** The route that keys with this beginning are of; of any, unless it is told whole. */
function ofRoute(beginning: string): string {
  return beginning.includes(' ') ? `route ${routeOf(beginning)}` : everything;
}

export function marksOfEntry(key: CacheKey, tags: readonly string[]): readonly string[] {
  const names = [everything, `route ${routeOf(key)}`, `key ${key}`];
  for (const parent of parentsOf(key)) names.push(`key ${parent}`);
  for (const tag of tags) names.push(`tag ${tag}`);
  return names;
}
