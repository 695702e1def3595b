/**
 * Purges as people ask for them: by the URL that clients use, or by what the cache knows. All of it, or nothing where
 * any of it makes no sense. They go to the whole network by way of the bus, or stay at this node.
 */
import type { PurgeDesk } from '../access/api/endpoint.ts';
import type { Actor } from '../access/register/actor.ts';
import { asMeridianError, MeridianError } from '../errors.ts';
import { isReadable, type PurgeTarget } from '../messages/selector.ts';
import type { Purged, Selector } from '../purge.ts';

import type { Issued } from '../purging/issue.ts';
import type { Node } from './node.ts';

/** Of the selectors of one order, in a log line. */
const maxLogged = 20;
/** Of what a line of the audit log is about, and of a name on the bus, in UTF-16 units. */
const maxSubject = 1_000;
const maxActor = 128;

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

/** What of a node it takes. */
export type Purger = Pick<Node, 'name' | 'clock' | 'cache' | 'purging' | 'log' | 'site'>;

/** @param actor who asks for it, by the API; without him, somebody on this machine. */
export async function purge(node: Purger, order: PurgeOrder, actor?: Actor): Promise<Purges> {
  const { targets, soft } = order;
  const meant = selectorsOfAll(node, targets);
  if ('reasons' in meant) return meant;
  if (order.here) return purgeHere(node, meant.selectors, soft);
  const issued = await purgeNetwork(node, meant.selectors, order, actor);
  if ('position' in issued) await audit(node, issued, soft, actor ?? operator);
  return issued;
}

const operator: Actor = { by: 'operator', token: null, from: null };

/** A purge that was issued stands, whether it could be written down or not. */
async function audit(
  { clock, site, log }: Purger,
  { selectors, position }: Extract<Purges, Issued>,
  soft: boolean,
  actor: Actor,
): Promise<void> {
  const words = selectors.slice(0, maxLogged).map((selector) => Object.values(selector).join(' '));
  const detail = { soft, selectors: selectors.length, log: position.log, sequence: position.sequence };
  const event = { ...actor, what: 'cache.purge', subject: words.join(', ').slice(0, maxSubject), detail };
  await site.services?.register
    .appendAudit([{ ...event, atMs: clock.now() }])
    .catch((error: unknown) => log.warn('the audit log cannot be written', { error }));
}

/** The API's way to purge. */
export function openPurgeDesk(node: Purger): PurgeDesk {
  return {
    async order({ targets, soft }, actor) {
      const purged = await purge(node, { targets, soft }, actor);
      if ('position' in purged) return { position: purged.position, selectors: [...purged.selectors] };
      const reasons = 'reasons' in purged ? purged.reasons.join('; ') : 'it was not issued';
      const isTheirs = 'reasons' in purged && purged.because === 'targets';
      throw new MeridianError(isTheirs ? 'request-malformed' : 'bus-unreachable', reasons);
    },
    find: async (position) => (await node.purging.progress?.find(position)) ?? null,
    recent: () => node.purging.progress?.recent() ?? [],
  };
}

function purgeHere(node: Purger, selectors: readonly Selector[], soft: boolean): Purges {
  const purged = selectors.map((selector, at) => {
    const isLast = at === selectors.length - 1;
    return { selector, ...node.cache.purge({ selector, soft }, isLast) };
  });
  node.log.info('purged at this node alone', { soft, selectors });
  return { purged };
}

async function purgeNetwork(
  { name, purging, log }: Purger,
  selectors: readonly Selector[],
  { soft, waitMs }: PurgeOrder,
  actor: Actor | undefined,
): Promise<Purges> {
  const by = actor ? `${actor.by.slice(0, maxActor)}, by the API of ${name}` : `the control API of ${name}`;
  try {
    const issued = await purging.issue({ selectors, soft, by, acknowledge: actor !== undefined }, waitMs);
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
  node: Purger,
  targets: readonly PurgeTarget[],
): { readonly selectors: readonly Selector[] } | Refusal {
  const reasons: string[] = [];
  const selectors = targets.flatMap((target) => {
    const meant = target.by === 'url' ? selectorsOf(node, target.url) : routed(node, target);
    if (typeof meant === 'string') reasons.push(meant);
    else if (!meant.every(isReadable)) reasons.push(`${Object.values(target)[1]} is too long`);
    else return meant;
    return [];
  });
  return reasons.length > 0 ? { reasons, because: 'targets' } : { selectors };
}

function routed({ site }: Purger, selector: Selector): readonly Selector[] | string {
  if (selector.by !== 'route' && selector.by !== 'group') return [selector];
  return site.routes.named(selector.route) ? [selector] : `the network has no route ${selector.route}`;
}

/** What is kept of a URL, or why there cannot be anything. */
function selectorsOf({ site }: Purger, text: string): readonly Selector[] | string {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (!url || !/^https?:$/.test(url.protocol)) return `${text} is not an http or https URL`;
  const { host, pathname, search } = url;
  const route = site.routes.match(host, pathname);
  if (!route) return `no route serves ${host}${pathname}`;
  const selectors = route.protocol.covers(pathname + search);
  return selectors.length > 0 ? selectors : `nothing is ever kept of ${text} (route ${route.name})`;
}
