/**
 * Purges as people ask for them: by the URL that clients use, or by what the cache knows. All of it, or nothing where
 * any of it makes no sense. They go to the whole network by way of the bus, or stay at this node.
 */
import { asMeridianError } from '../errors.ts';
import type { Purged, Selector } from '../purge.ts';
import { isReadable } from '../purging/event.ts';
import type { Issued } from '../purging/issue.ts';
import type { Node } from './node.ts';

/** Of the selectors of one order, in a log line. */
const maxLogged = 20;

/** What to purge. A URL stands for everything that this network keeps of it; `*` in it for any text. */
export type PurgeTarget = Selector | { readonly by: 'url'; readonly url: string };

export interface PurgeOrder {
  readonly targets: readonly PurgeTarget[];
  readonly soft: boolean;
  /** At this node alone, and nowhere else. */
  readonly here?: boolean | undefined;
  /** How long to wait until all nodes that live have carried it out, in ms; without it, not at all. */
  readonly waitMs?: number | undefined;
}

export interface Refusal {
  readonly reasons: readonly string[];
  /** Whose fault it is: what was asked for makes no sense, or the bus cannot be reached. */
  readonly because: 'targets' | 'bus';
}

export type Purges =
  /** At this node. */
  | { readonly purged: readonly (Purged & { readonly selector: Selector })[] }
  /** On the bus. */
  | (Issued & { readonly selectors: readonly Selector[] })
  | Refusal;

export async function purge(node: Node, order: PurgeOrder): Promise<Purges> {
  const { targets, soft } = order;
  const meant = selectorsOfAll(node, targets);
  if ('reasons' in meant) return meant;
  return order.here ? purgeHere(node, meant.selectors, soft) : purgeNetwork(node, meant.selectors, order);
}

function purgeHere(node: Node, selectors: readonly Selector[], soft: boolean): Purges {
  const purged = selectors.map((selector, at) => {
    const isLast = at === selectors.length - 1;
    return { selector, ...node.cache.purge({ selector, soft }, isLast) };
  });
  node.log.info('purged at this node alone', { soft, selectors });
  return { purged };
}

async function purgeNetwork(
  { name, purging, log }: Node,
  selectors: readonly Selector[],
  { soft, waitMs }: PurgeOrder,
): Promise<Purges> {
  try {
    const issued = await purging.issue({ selectors, soft, by: `the control API of ${name}` }, waitMs);
    log.info('a purge was issued', { soft, selectors: selectors.slice(0, maxLogged), at: issued.position });
    return { selectors, ...issued };
  } catch (thrown) {
    const error = asMeridianError(thrown);
    log.warn('a purge could not be issued', { soft, error });
    const what = 'nothing is known to have been purged, though some nodes may still hear of it: purge again';
    return { reasons: [`${error.detail}; ${what}`], because: 'bus' };
  }
}

function selectorsOfAll(
  node: Node,
  targets: readonly PurgeTarget[],
): { readonly selectors: readonly Selector[] } | Refusal {
  const reasons: string[] = [];
  const selectors = targets.flatMap((target) => {
    const meant = target.by === 'url' ? selectorsOf(node, target.url) : [target];
    if (typeof meant === 'string') reasons.push(meant);
    else if (!meant.every(isReadable)) reasons.push(`${Object.values(target)[1]} is too long`);
    else return meant;
    return [];
  });
  return reasons.length > 0 ? { reasons, because: 'targets' } : { selectors };
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
