/**
 * Purges as people ask for them: by the URL that clients use, or by what the cache knows. All of it, or nothing where
 * any of it makes no sense.
 */
import type { Purged, Selector } from '../purge.ts';
import type { Node } from './node.ts';

/** What to purge. A URL stands for everything that this network keeps of it; `*` in it for any text. */
export type PurgeTarget = Selector | { readonly by: 'url'; readonly url: string };

export type Purges =
  | { readonly purged: readonly (Purged & { readonly selector: Selector })[] }
  | { readonly reasons: readonly string[] };

export function purge(node: Node, targets: readonly PurgeTarget[], soft: boolean): Purges {
  const reasons: string[] = [];
  const selectors = targets.flatMap((target) => {
    const meant = target.by === 'url' ? selectorsOf(node, target.url) : [target];
    if (typeof meant !== 'string') return meant;
    reasons.push(meant);
    return [];
  });
  if (reasons.length > 0) return { reasons };
  const purged = selectors.map((selector, at) => {
    const isLast = at === selectors.length - 1;
    return { selector, ...node.cache.purge({ selector, soft }, isLast) };
  });
  node.log.info('purged', { soft, selectors });
  return { purged };
}

/** What is kept of a URL, or why there cannot be anything. */
function selectorsOf({ site }: Node, text: string): readonly Selector[] | string {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (!url || !/^https?:$/.test(url.protocol)) return `${text} is not an http or https URL`;
  const { host, pathname, search } = url;
  const route = site.routes.match(host, pathname);
  if (!route) return `no route serves ${host}${pathname}`;
  const selectors = route.protocol.covers(pathname + search);
  return selectors.length > 0 ? selectors : `nothing is ever kept of ${text} (route ${route.name})`;
}
