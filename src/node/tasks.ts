/** What an origin does for each order: collects, takes in a folder, writes one. */
import type { Order } from '../access/api/work.ts';
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import { collect } from '../origin/collection/collect.ts';
import type { Home, Job } from '../protocol.ts';
import type { Selector } from '../purge.ts';
import type { Stores } from '../store.ts';
import type { Site } from './node.ts';
import type { Report, Task } from './works.ts';

/** What a collection needs. */
export interface CollectionOptions {
  readonly stores: Stores;
  /** The origin's name. */
  readonly by: string;
  readonly graceMs: number;
  readonly clock: Clock;
}

export interface TaskOptions extends CollectionOptions {
  /** As it is now. */
  readonly site: () => Site;
  readonly purge: (selectors: readonly Selector[]) => Promise<void>;
}

export function taskFor(order: Order, options: TaskOptions): Task {
  switch (order.do) {
    case 'collect':
      return collection(options, order.dryRun);
    case 'import': {
      const { folder: path, from: layout, all, dryRun } = order;
      const { name, home } = homeFor(options.site(), order.route);
      return {
        what: dryRun ? 'storage.import-dry-run' : 'storage.import',
        subject: `${name} ${path}`,
        run: (report) => home.takeIn({ path, layout, all, dryRun }, jobOf(report, options)),
      };
    }
    case 'export': {
      const { name, home } = homeFor(options.site(), order.route);
      return {
        what: 'storage.export',
        subject: `${name} ${order.folder}`,
        run: (report) => home.giveOut(order.folder, jobOf(report, options)),
      };
    }
  }
}

export function collection({ stores, by, graceMs, clock }: CollectionOptions, dryRun: boolean): Task {
  return {
    what: dryRun ? 'storage.collect-dry-run' : 'storage.collect',
    subject: 'blobs',
    async run({ set, signal }) {
      const progress = (collected: object) => set({ ...collected });
      progress(await collect({ stores, clock, by, graceMs, dryRun, progress, signal }));
    },
  };
}

function jobOf({ count, note, signal }: Report, { stores, purge }: TaskOptions): Job {
  return { stores, purge, count, note, signal };
}

function homeFor({ routes }: Site, wanted: string | undefined): { name: string; home: Home } {
  const homes = routes.all.flatMap(({ name, protocol: { home } }) => (home ? [{ name, home }] : []));
  const [first, second] = wanted === undefined ? homes : homes.filter(({ name }) => name === wanted);
  if (first === undefined)
    throw new MeridianError(
      'request-malformed',
      `${wanted === undefined ? 'no route' : wanted} is a home for packages (\`hosted\`)`,
    );
  if (second !== undefined)
    throw new MeridianError(
      'request-malformed',
      `several routes are a home for packages: ${homes.map(({ name }) => name).join(', ')}; say which (--route)`,
    );
  return first;
}
