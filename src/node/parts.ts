/**
 * What a node has for as long as it runs, whatever a reload makes of its config: the cache, the bus, what it knows of
 * purges, copies in stores nearby, and an origin's own stores.
 */
import type { Bus } from '../bus.ts';
import { type Cache, type CacheOptions, cache } from '../cache/cache.ts';
import type { DiskOptions } from '../cache/disk/disk.ts';
import { openDiskInTime } from '../cache/disk/unopened.ts';
import type { Tuning } from '../cache/engine.ts';
import { evictions } from '../cache/eviction/evictions.ts';
import type { Clock } from '../clock.ts';
import type { Network, NodeConfig, StoreConfig } from '../config/network.ts';
import { type Tally, tally } from '../hot/tally.ts';
import { type Lists, openLists } from '../prefetch/lists.ts';
import type { Log } from '../telemetry/log.ts';
import type { WorkMeter } from '../telemetry/metrics/work.ts';
import { busFor } from './bus.ts';
import { shownKey } from './cached.ts';
import { type Desks, openDesks } from './desks.ts';
import { diskFolder } from './disk-folders.ts';
import { type NodeFleet, openFleet } from './fleet.ts';
import { keepHouse } from './housekeeping.ts';
import { meteredBus } from './metered-bus.ts';
import type { Site } from './node.ts';
import { openPurging, type Purging } from './purging.ts';
import { openRecords, type Records } from './records.ts';
import { limitsOf, type SharedRemotes, sharedRemotes } from './remotes.ts';
import { type Replicas, replicas } from './replicas.ts';
import { type Seat, workerName } from './seat.ts';
import { storageDesk } from './storage-desk.ts';
import { openStores, type Stores } from './stores.ts';
import { taskFor } from './tasks.ts';

export interface NodeDependencies {
  readonly log: Log;
  readonly clock: Clock;
  /** Instead of the one that the config names; closed by whoever opened it. */
  readonly bus?: Bus | undefined;
  /** Of a node that has several workers: which one this is. */
  readonly seat?: Seat | undefined;
}

export interface Parts {
  readonly cache: Cache;
  readonly bus: Bus;
  readonly purging: Purging;
  readonly replicas: Replicas;
  /** Used by origins. */
  readonly remotes: SharedRemotes;
  /** `null` where nothing is kept for good. */
  readonly stores: Stores | null;
  /** Who may do what: at origins. */
  readonly records: Records | null;
  /** What all nodes do: at origins. */
  readonly fleet: NodeFleet | null;
  /** What the API does with what all nodes keep: at origins. */
  readonly desks: Desks | null;
  /** What nodes shall have before anybody asks for it: at origins. */
  readonly prefetchLists: Lists | null;
  /** What memory is asked for most; `null` where there are no other members of a ring. */
  readonly tally: Tally | null;
  /** Begins what needs the node's routes. */
  begin(): void;
  /** Takes over what a reload may change. */
  retune(network: Network, config: NodeConfig): void;
  close(): Promise<void>;
}

/** And what counts its work. */
export interface PartsDependencies extends NodeDependencies {
  readonly work: WorkMeter;
}

export async function openParts(
  network: Network,
  config: NodeConfig,
  startedMs: number,
  deps: PartsDependencies,
  site: () => Site,
): Promise<Parts> {
  const { clock, log, seat, work } = deps;
  // Each worker follows the bus, and is a member, for itself.
  const own = seat ? workerName(config.name, seat.worker) : config.name;
  const warn = (message: string, { key, ...fields }: Record<string, unknown>) =>
    log.warn(message, typeof key === 'string' ? { key: shownKey(key), ...fields } : fields);
  const trustMs = network.purge.trustS * 1000;
  let following: Purging | null = null;
  const followed = () => following?.knows() ?? 'unsure';
  const nearby = replicas({ clock, warn, followed, trustMs });
  let heardOfPurge = () => {};
  const purged: CacheOptions['purged'] = (selector, at) => {
    nearby.purged(selector, at);
    heardOfPurge();
  };
  const counted = seat || config.ring ? tally() : null;
  const stored = await openCache(network, config, seat, {
    ...{ clock, warn, purged, hits: counted?.count, ended: work.filled },
  });
  const stores = config.store ? await openStores(config.store, clock, log) : null;
  const opened = deps.bus ?? (await busFor(network, config, { clock, log, publisher: own }));
  const bus = meteredBus(opened, work.published);
  const self = { name: own, role: config.role, startedMs };
  const carriedOut = (publishedMs: number) => work.purged(clock.now() - publishedMs);
  const purging = openPurging({ bus, cache: stored, self, trustMs, carriedOut, clock, log });
  following = purging;
  const tending = config.store && stores ? tasksOf(config.store, config.name, stores, clock, site) : null;
  const records =
    tending &&
    stores &&
    openRecords({
      storage: storageDesk({ stores, cache: stored, site }),
      ...{ network, metadata: tending.stores.metadata, bus, clock, warn },
      taskFor: (order) => taskFor(order, { ...tending, purge: purging.changed }),
    });
  const house =
    tending &&
    records &&
    keepHouse({
      ...tending,
      works: records.works,
      register: records.register,
      auditMs: records.auditMs,
      uploadRestMs: () => tending.stores.bounds.uploads.restS * 1000,
      log,
    });
  const fleet = records && (await openFleet({ bus, clock, log, dataDir: config.dataDir }));
  let inForce = network;
  const prefetchLists = config.role === 'origin' ? openLists(bus, clock) : null;
  const desks =
    fleet &&
    prefetchLists &&
    stores &&
    openDesks({
      node: {
        name: config.name,
        clock,
        cache: stored,
        purging,
        log,
        get site() {
          return site();
        },
      },
      ...{ bus, clock, fleet, lists: prefetchLists, metadata: stores.metadata, network: () => inForce },
    });
  const polite = sharedRemotes(config, bus, clock, log, work.pausedRemote);
  if (desks) heardOfPurge = desks.warm.purged;
  return {
    cache: stored,
    bus,
    purging,
    replicas: nearby,
    remotes: polite,
    stores,
    records,
    fleet,
    desks,
    prefetchLists,
    tally: counted,

    begin() {
      house?.begin();
      desks?.warm.begin();
    },

    retune(next, wanted) {
      inForce = next;
      records?.reload(next);
      const diskBytes = wanted.disk ? wanted.disk.bytes : 0;
      const { memory, slices } = wanted;
      stored.resize({ memoryBytes: memory.bytes, diskBytes, slices, copiesShare: copiesShareOf(wanted) });
      stored.tune(tuningOf(next, wanted));
      polite.retune(limitsOf(wanted));
      if (wanted.store) stores?.retune(wanted.store);
      desks?.warm.begin();
    },

    async close() {
      polite.close();
      prefetchLists?.close();
      await desks?.close();
      await fleet?.close();
      await purging.close();
      await records?.close();
      await house?.close();
      if (!deps.bus) await bus.close();
      await nearby.close();
      await stored.close();
      await stores?.close();
    },
  };
}

function tasksOf({ collection }: StoreConfig, by: string, stores: Stores, clock: Clock, site: () => Site) {
  const { everyS, graceS } = collection;
  return { stores, by, graceMs: graceS * 1000, everyMs: everyS * 1000, clock, site };
}

type Surroundings = Pick<CacheOptions, 'clock' | 'warn' | 'purged' | 'hits' | 'ended'>;

async function openCache(
  network: Network,
  config: NodeConfig,
  seat: Seat | undefined,
  surroundings: Surroundings,
): Promise<Cache> {
  const { clock, warn } = surroundings;
  // One process for each folder: a worker's is its own.
  const folder = diskFolder(config.dataDir, seat?.worker);
  const went = evictions(clock);
  const gone: DiskOptions['gone'] = (each) => went.note('disk', each);
  return cache({
    ...surroundings,
    memoryBytes: config.memory.bytes,
    memoryObjectBytes: config.memory.objectBytes,
    copiesShare: copiesShareOf(config),
    evictions: went,
    disk: config.disk ? await openDiskInTime({ folder, ...config.disk, clock, warn, gone }) : null,
    slices: config.slices,
    tuning: tuningOf(network, config),
  });
}

/** Without any, it matters to nothing. */
function copiesShareOf({ hot }: NodeConfig): number {
  return hot === false ? 0 : hot.copiesPercent / 100;
}

function tuningOf({ routes }: Network, { timeouts, limits, abandonedFills }: NodeConfig): Tuning {
  const kept = routes.flatMap(({ name, retention: { keepUnusedS } }) =>
    keepUnusedS === undefined ? [] : [[name, keepUnusedS * 1000] as const],
  );
  return {
    lockMs: timeouts.lockMs,
    maxFills: limits.fills,
    finishBytes: abandonedFills.finishBytes,
    finishRequests: abandonedFills.finishRequests,
    keepUnusedMs: new Map(kept),
  };
}
