/** What an origin does for each order: collects, takes in a folder, writes one, mirrors. */
import type { Order } from '../access/api/order.ts';
import type { Clock } from '../clock.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { type Collected, collect } from '../origin/collection/collect.ts';
import { type Lease, takeLease } from '../origin/collection/lease.ts';
import { writeLast } from '../origin/collection/seen.ts';
import { type Ledger, recount } from '../origin/usage/recount.ts';
import type { Job } from '../protocol.ts';
import type { Selector } from '../purge.ts';
import type { Stores } from '../store.ts';
import type { Site } from './node.ts';
import type { Route } from './routes.ts';
import type { Report, Task } from './works.ts';

/** How often a lease is renewed. */
const renewMs = 60_000;
/** One tarball, with its upstream's pauses. */
const pullMs = 10 * 60_000;

/** What a collection needs. */
export interface CollectionOptions {
  readonly stores: Stores;
  /** The origin's name. */
  readonly by: string;
  readonly graceMs: number;
  readonly clock: Clock;
  /** As it is now. */
  readonly site: () => Site;
}

export interface TaskOptions extends CollectionOptions {
  readonly purge: (selectors: readonly Selector[]) => Promise<void>;
}

export function taskFor(order: Order, options: TaskOptions): Task {
  if (order.do === 'collect') return collection(options, order.dryRun);
  if (order.do === 'recount') return recounting(options);
  if (order.do === 'retain') return retaining(options, order.route, order.dryRun);
  const routes = options.site().routes.all;
  switch (order.do) {
    case 'import': {
      const { folder: path, from: layout, all, as, move, dryRun } = order;
      const takes = ({ protocol }: Route) => protocol.home?.layouts.includes(layout) ?? false;
      const route = only(routes.filter(takes), order.route, `a home (\`hosted\`) for what is in ${layout}`);
      const folder = { path, layout, all, as, move, dryRun };
      return {
        what: dryRun ? 'storage.import-dry-run' : 'storage.import',
        subject: `${route.name} ${path}`,
        run: async (report) => route.protocol.home?.takeIn(folder, jobOf(report, route, options)),
      };
    }
    case 'export': {
      const { folder: path, what, dryRun } = order;
      const route = only(routes.filter(isHome), order.route, 'a home for packages or images (`hosted`)');
      return {
        what: dryRun ? 'storage.export-dry-run' : 'storage.export',
        subject: `${route.name} ${path}`,
        run: async (report) =>
          route.protocol.home?.giveOut({ path, what, dryRun }, jobOf(report, route, options)),
      };
    }
    case 'mirror': {
      const { packages, protocol: id } = order;
      const route = mirroring(routes, id, order.route);
      return {
        what: 'storage.mirror',
        subject: `${route.name} ${packages.length} packages`,
        run: async (report) => route.protocol.mirror?.(packages, jobOf(report, route, options)),
      };
    }
  }
}

/** @param wanted without it, the first one. */
function mirroring(routes: readonly Route[], id: string, wanted: string | undefined): Route {
  const found = routes.find(
    ({ name, protocol }) =>
      protocol.id === id && protocol.mirror && (wanted === undefined || name === wanted),
  );
  if (found !== undefined) return found;
  const what = wanted === undefined ? 'this network has no route' : `${wanted} is no route`;
  throw new MeridianError('request-malformed', `${what} that can mirror packages of ${id}`);
}

function isHome({ protocol }: Route): boolean {
  return protocol.home !== undefined;
}

/** The route that is meant. */
function only(candidates: readonly Route[], wanted: string | undefined, what: string): Route {
  const named = wanted === undefined ? candidates : candidates.filter(({ name }) => name === wanted);
  const [first, second] = named;
  if (first === undefined)
    throw new MeridianError('request-malformed', `${wanted ?? 'no route of this network'} is ${what}`);
  if (second === undefined) return first;
  const names = candidates.map(({ name }) => name).join(', ');
  throw new MeridianError('request-malformed', `several routes are ${what}: ${names}; say which (--route)`);
}

/** First what is not wanted any more, whose blobs nothing refers to then. */
export function collection(options: CollectionOptions, dryRun: boolean): Task {
  const { stores, by, graceMs, clock, site } = options;
  return {
    what: dryRun ? 'storage.collect-dry-run' : 'storage.collect',
    subject: 'blobs',
    async run({ set, count, signal }) {
      const atMs = clock.now();
      const gone = { retired: 0, retiredBytes: 0 };
      const retiring = (what: string, more = 1) => {
        if (what === 'retired' || what === 'retiredBytes') gone[what] += more;
        count(what, more);
      };
      const first = async (renew: Lease['renew']) => {
        const pace = pacedBy(renew, clock, signal);
        for (const { protocol } of site().routes.all)
          await protocol.retire?.({ stores, count: retiring, signal, pace });
      };
      const progress = (collected: object) => set({ ...collected });
      const collected = await collect({ stores, clock, by, graceMs, dryRun, progress, signal, first });
      progress(collected);
      const { deleted, deletedBytes } = collected;
      if (!dryRun) await writeLast(stores.metadata, { atMs, deleted, deletedBytes, ...gone });
    },
  };
}

/** Retention alone: the blobs go with the next collection. One origin at a time does either. */
function retaining(options: TaskOptions, wanted: string | undefined, dryRun: boolean): Task {
  const { stores, purge, by, clock, site } = options;
  const routes = site().routes.all.filter(
    ({ name, protocol }) => protocol.retain !== undefined && (wanted === undefined || name === wanted),
  );
  if (routes.length === 0)
    throw new MeridianError(
      'request-malformed',
      `${wanted ?? 'no route of this network'} is a home for images`,
    );
  return {
    what: dryRun ? 'storage.retain-dry-run' : 'storage.retain',
    subject: routes.map(({ name }) => name).join(' '),
    async run({ count, note, signal }) {
      const job = { stores, purge, count, note, signal, dryRun };
      if (dryRun) {
        for (const { protocol } of routes) await protocol.retain?.(job);
        return;
      }
      const lease = await takeLease(stores.metadata, clock, { by, run: crypto.randomUUID() });
      try {
        const pace = pacedBy(lease.renew, clock, signal);
        for (const { protocol } of routes) await protocol.retain?.({ ...job, pace });
      } finally {
        await lease.release();
      }
    },
  };
}

/** Renews a lease now and then, however often it is called. */
function pacedBy(renew: Lease['renew'], clock: Clock, signal: AbortSignal): () => Promise<void> {
  let lastMs = clock.elapsed();
  return async () => {
    signal.throwIfAborted();
    if (clock.elapsed() - lastMs < renewMs) return;
    lastMs = clock.elapsed();
    await renew();
  };
}

/** Counts what is there, blobs included, and puts right what running totals say of it. */
function recounting(options: CollectionOptions): Task {
  const { stores, by, graceMs, clock } = options;
  return {
    what: 'storage.recount',
    subject: 'totals',
    async run({ set, count, signal }) {
      count('packages', 0);
      count('corrected', 0);
      await recount({ metadata: stores.metadata, ledgers: ledgersOf(options), clock, count, signal });
      const progress = ({ blobs, bytes }: Collected) => set({ blobs, bytes });
      await collect({ stores, clock, by, graceMs, dryRun: true, progress, signal });
    },
  };
}

export function ledgersOf({ site }: Pick<CollectionOptions, 'site'>): readonly Ledger[] {
  return site().routes.all.flatMap(({ name: route, protocol: { holdings } }) =>
    holdings ? [{ route, names: holdings.names, weigh: holdings.weigh }] : [],
  );
}

function jobOf({ count, note, signal }: Report, route: Route, options: TaskOptions): Job {
  const { stores, purge, site, clock } = options;
  return {
    ...{ stores, purge, count, note, signal },
    get: (path) => pullForItself(site(), route, path, signal, clock),
  };
}

/** Asks the remote of a route, with nobody behind the request. */
async function pullForItself(
  site: Site,
  route: Route,
  path: string,
  signal: AbortSignal,
  clock: Clock,
): Promise<Answer> {
  const request = new Request(`http://meridian.invalid${path}`);
  const exchange: Exchange = {
    ...{ request, headers: request.headers, method: 'GET', target: path, path, query: '' },
    ...{ base: '', authority: '', id: crypto.randomUUID(), nowMs: clock.now(), startedMs: clock.elapsed() },
    ...{ tier: null, client: () => '', body: () => null },
  };
  const named = route.protocol.name(exchange);
  if (named.as !== 'resource' && named.as !== 'pass')
    throw new MeridianError('internal', `${path} is nothing that a remote could be asked for`);
  const within = AbortSignal.any([signal, AbortSignal.timeout(pullMs)]);
  const parent = site.parentOf(route);
  return parent({ exchange, named, stored: null, background: true, reload: false, signal: within });
}
