/**
 * The cache of a node: memory before disk before the parent. It knows HTTP (RFC 9111), and neither protocols
 * nor topology. `lookup` is the way of a memory hit; `obtain` is everything else.
 */
import type { Place } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { Answer, Entry } from '../entry.ts';
import type { Exchange } from '../exchange.ts';
import type { HotEntry } from '../messages/cached.ts';
import type { Parent } from '../parent.ts';
import type { Purge, Purged, Selector } from '../purge.ts';
import type { CacheKey, Resource } from '../resource.ts';
import { adopt } from './adopt.ts';
import type { Budget } from './budget.ts';
import { demand } from './demand.ts';
import type { Disk, DiskStats } from './disk/disk.ts';
import type { HeldEntry } from './disk/index.ts';
import type { Engine, SliceSizes, Tuning } from './engine.ts';
import { equivalents, noVarySearchOf } from './equivalents.ts';
import { type Evictions, evictions } from './eviction/evictions.ts';
import { merit } from './eviction/merit.ts';
import { type CopiesStats, rooms } from './eviction/rooms.ts';
import { flights } from './flights.ts';
import { handOver } from './hand-over.ts';
import { countHit, type HitCounter, lookup, lookupEquivalent } from './lookup.ts';
import { type Memory, type MemoryStats, memory, type Resident } from './memory.ts';
import { sampled } from './most-used.ts';
import { renew } from './obtain.ts';
import { type Ledger, type Mark, openLedger, routeOf } from './purge/ledger.ts';
import { sweep } from './purge/sweep.ts';
import { remember } from './remember.ts';
import { expectReplica, original, type Replica } from './replica.ts';
import { retain } from './retain.ts';
import type { Found, Served } from './served.ts';
import type { Obtained } from './slices/object.ts';
import { obtain } from './slices/obtain.ts';
import { type Stored, store } from './store.ts';
import { warmth } from './warmth.ts';

export interface Cache {
  /** Memory only, synchronous: the hit path. */
  lookup(resource: Resource, exchange: Exchange): Found;
  /** From disk, from a fill under way, or from the parent. Fails with a `MeridianError`. */
  obtain(resource: Resource, exchange: Exchange, found: Found, parent: Parent): Promise<Obtained>;
  /** Has what is stored confirmed, or replaced, before it is too old. Never makes anything worse. */
  renew(resource: Resource, exchange: Exchange, parent: Parent): Promise<void>;
  /** What is stored of the parents' own answer, for a sibling; `null` for nothing that it may have. Asks nobody. */
  handOver(resource: Resource, exchange: Exchange): Promise<Obtained | null>;
  /**
   * Keeps an answer that came of something else than a look-up, but may stand for it, if it says for how long
   * (RFC 9110 §9.3.3). `null`: it may not be kept.
   */
  adopt(resource: Resource, exchange: Exchange, answer: Answer): Promise<Served> | null;
  /** What is stored for this request, and where, fresh or not, by the indexes alone; `null` for nothing. Reads no body. */
  stored(resource: Resource, exchange: Exchange): Pick<Stored, 'from' | 'entry'> | null;
  /**
   * Some of the whole answers of a route that are kept, and may be given to whoever may read it; from a place on. `next`: the next place,
   * `null` at the end.
   */
  held(route: string, from: number): { readonly found: readonly HeldEntry[]; readonly next: number | null };
  /** Bytes of an answer of which there is one for all requests, as long as it is kept; `null`: it is not. No use of it. */
  heldBytes(key: CacheKey): number | null;
  /** Its entity tag, in the same way. */
  heldEtag(key: CacheKey): string | null;
  /** Nobody has come for what is kept under these keys: from disk, it goes before all else until somebody does. */
  unwanted(keys: readonly CacheKey[]): void;
  /** What another worker may copy: fresh in memory. */
  original(key: CacheKey, headers: Headers): Pick<Resident, 'entry' | 'body'> | null;
  /** Another worker is about to be asked for a copy. Whoever calls this ends it. */
  expectReplica(key: CacheKey): Replica;
  /** A copy is no longer than this. */
  readonly copyLimitBytes: number;
  /**
   * Whatever has been asked for until now and is meant by the selector is gone, or stale. What is under way still goes to
   * those who wait for it; who comes from now on asks anew. Takes no longer for a million entries than for one.
   *
   * @param flushed with all before it: a power cut does not undo it. Waits for the disk, some milliseconds.
   * @param at the place on the bus that this cache has come to with it, kept together with it.
   */
  purge(purge: Purge, flushed: boolean, at?: Place): Purged;
  /** The same for several at once, which a power cut may undo. */
  purgeAll(purges: readonly Purge[], at: Place): void;
  /** The place on the bus up to which this cache knows of every purge, as its disk has kept it; `null` for none. */
  readonly position: Place | null;
  /** It has come to this place, where there was nothing to purge on the way. */
  passed(at: Place): void;
  /** The number of the newest purge, of whatever kind. */
  readonly newestPurge: number;
  /** Whether no purge since the one with this number is about it. */
  spares(resource: Pick<Resource, 'key' | 'tags'>, since: number): boolean;
  /** A hard purge by key that may be lost in a power cut: what an unsafe request does to the key (RFC 9111 §4.4). */
  drop(key: CacheKey): void;
  /** The same for groups of a route (RFC 9875 §3). */
  dropGroups(route: string, groups: readonly string[]): void;
  resize(limits: CacheLimits): void;
  /** Holds for whoever comes from now on. */
  tune(tuning: Tuning): void;
  /** Resolves when everything acknowledged is on disk. */
  close(): Promise<void>;
  readonly stats: CacheStats;
  /** What has gone, and why. */
  readonly evictions: Pick<Evictions, 'counts' | 'latest'>;
  /** Some of what memory has used most: not all of it is looked at. */
  mostUsed(): readonly HotEntry[];
}

export interface CacheLimits {
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly slices: SliceSizes;
  /** Of memory, for copies of what others keep, when it is full: 0 to 1. */
  readonly copiesShare: number;
}

export interface CacheStats {
  readonly memory: MemoryStats & CopiesStats;
  readonly disk: DiskStats | null;
  /** Requests to the parent under way, with the fills that came of them. */
  readonly fills: number;
  /** Of bodies on their way, held in memory. */
  readonly passingBytes: number;
  /** That have not been carried out on everything yet. */
  readonly purges: number;
}

export interface CacheOptions {
  readonly clock: Clock;
  readonly memoryBytes: number;
  /** One object in memory, in bytes. */
  readonly memoryObjectBytes: number;
  /** See `CacheLimits`: an eighth unless said. */
  readonly copiesShare?: number;
  readonly disk: Disk | null;
  readonly slices: SliceSizes;
  readonly tuning: Tuning;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
  /** Told how each request to the parent ended. */
  readonly ended?: Engine['ended'] | undefined;
  /** Told how often memory has answered for which key; absent: nothing is counted. */
  readonly hits?: HitCounter | undefined;
  /** What the disk notes of what goes is in the same. */
  readonly evictions?: Evictions | undefined;
  /** Told of each purge before anybody can ask for anything after it. */
  readonly purged?: ((selector: Selector, at?: Place) => void) | undefined;
}

const noFields = new Headers();

/** Keys of which something is remembered for a while. */
const maxNotes = 65_536;
/** Bodies on their way that are held in memory, all together: at least this, or a quarter of the memory tier. */
const minBudgetBytes = 32 * 1024 * 1024;

export function cache(options: CacheOptions): Cache {
  const { clock, disk, hits } = options;
  const ledger = disk?.ledger ?? openLedger();
  let copiesShare = options.copiesShare ?? 1 / 8;
  const copiesBytes = () => Math.floor(residents.stats.limitBytes * copiesShare);
  const inRooms = rooms<Resident>(merit(), merit(), copiesBytes);
  const gone = options.evictions ?? evictions(clock);
  const residents = memory(options.memoryBytes, inRooms, ledger, (each) => gone.note('memory', each));
  const held = store(residents, disk, options.memoryObjectBytes, ledger);
  const sweeping = sweep({
    clock,
    ledger,
    memory: residents,
    disk,
    judgeArrivals: held.judgeArrivals,
  });
  sweeping.wake();
  const budget: Budget = { limitBytes: budgetFor(options.memoryBytes), usedBytes: 0 };
  const engine: Engine = {
    clock,
    store: held,
    flights: flights(clock),
    uncollapsible: remember(clock, maxNotes),
    unsliceable: remember(clock, maxNotes),
    failing: remember(clock, maxNotes),
    refused: remember(clock, maxNotes),
    vary: remember(clock, maxNotes),
    equivalents: equivalents(clock),
    budget,
    slices: options.slices,
    demand: demand(clock, maxNotes),
    tuning: options.tuning,
    warn: options.warn,
    ended: options.ended ?? (() => {}),
  };

  // Only the keys of addresses have a rule, so it does no harm to learn from others.
  const warmed = (entry: Entry) =>
    engine.equivalents.learn({ key: entry.key, hasQuery: true }, noVarySearchOf(entry));
  const retaining = disk && retain({ clock, memory: residents, disk, tuning: () => engine.tuning });
  const warm = disk && warmth({ clock, memory: residents, store: held, disk, warmed });

  /** Numbers it. What it concerns is not found any more. */
  function number(given: Purge): Mark {
    const mark = ledger.add(given, clock.now());
    const { selector, soft } = given;
    if (selector.by === 'key' && !soft) residents.drop(selector.key as CacheKey, 'purged');
    return mark;
  }

  function purge(given: Purge, durable: boolean, at?: Place): Purged {
    const mark = number(given);
    const isOnDisk = disk?.purge([mark], durable, at) ?? false;
    options.purged?.(given.selector, at);
    sweeping.wake();
    return { sequence: Math.max(mark.hard, mark.soft), recorded: isOnDisk ? 'disk' : 'memory' };
  }

  function purgeAll(purges: readonly Purge[], at: Place): void {
    const marks = purges.map(number);
    disk?.purge(marks, false, at);
    // The last one brings whoever is told to that place.
    for (const [index, { selector }] of purges.entries())
      options.purged?.(selector, index === purges.length - 1 ? at : undefined);
    sweeping.wake();
  }

  function heldEntry(key: CacheKey): Entry | null {
    const entry = residents.find(key, noFields)?.entry ?? disk?.variant(key, '')?.entry;
    return entry?.status === 200 ? entry : null;
  }

  const copyLimitBytes = () => Math.min(held.memoryObjectBytes, copiesBytes());

  function dropKey(key: CacheKey): void {
    purge({ selector: { by: 'key', key }, soft: false }, false);
  }

  return {
    lookup(resource, exchange) {
      let found = lookup(residents, resource, exchange);
      if (found.resident === null)
        found = lookupEquivalent(residents, engine.equivalents, resource, exchange);
      if (hits !== undefined && found.outcome === 'hit') countHit(found.resident, hits);
      return found;
    },
    obtain: (resource, exchange, found, parent) => obtain({ resource, exchange, parent }, found, engine),
    renew: (resource, exchange, parent) => renew({ resource, exchange, parent }, engine),
    handOver: (resource, exchange) => handOver(resource, exchange, engine),
    stored: ({ key }, { headers }) => held.locate(key, headers),
    adopt: (resource, exchange, answer) => adopt(resource, exchange, answer, engine),
    // What is on disk alone is most of it; memory alone has what has nowhere else to be.
    held: (route, from) =>
      disk?.held(route, from) ?? { found: heldInMemory(residents, ledger, route), next: null },
    heldBytes: (key) => heldEntry(key)?.sizeBytes ?? null,
    heldEtag: (key) => heldEntry(key)?.etag ?? null,
    unwanted: (keys) => disk?.unwanted(keys),
    original: (key, headers) => original(residents, key, headers, clock.now()),
    expectReplica: (key) => expectReplica(key, held, residents, copyLimitBytes(), clock.now),
    get copyLimitBytes() {
      return copyLimitBytes();
    },
    purge,
    purgeAll,
    get position() {
      return disk?.position ?? null;
    },
    passed: (at) => disk?.passed(at),
    get newestPurge() {
      return ledger.sequence;
    },
    spares: (resource, since) => ledger.fate(resource, since).as === 'kept',
    drop(key) {
      dropKey(key);
      const other = engine.equivalents.forget(key);
      if (other !== null) dropKey(other);
    },
    dropGroups(route, groups) {
      for (const group of groups) purge({ selector: { by: 'group', route, group }, soft: false }, false);
    },
    resize({ memoryBytes, diskBytes, slices, copiesShare: share }) {
      engine.slices = slices;
      copiesShare = share;
      residents.resize(memoryBytes);
      budget.limitBytes = budgetFor(memoryBytes);
      disk?.resize(diskBytes);
    },
    tune(tuning) {
      engine.tuning = tuning;
      retaining?.retune();
    },
    async close() {
      sweeping.close();
      retaining?.end();
      await held.settled();
      await warm?.close();
      await disk?.close();
    },
    evictions: gone,
    mostUsed: sampled(residents),
    get stats() {
      return {
        memory: { ...residents.stats, ...inRooms.stats },
        disk: disk?.stats ?? null,
        fills: engine.flights.size,
        passingBytes: budget.usedBytes,
        purges: ledger.size,
      };
    },
  };
}

function heldInMemory(residents: Memory, ledger: Ledger, route: string): readonly HeldEntry[] {
  const found: HeldEntry[] = [];
  for (const { entry, isRestricted } of residents.all()) {
    const { key, status, sizeBytes, freshness } = entry;
    if (isRestricted || status !== 200 || routeOf(key) !== route) continue;
    if (ledger.fate(entry, entry.asOf).as === 'gone') continue;
    found.push({ key, sizeBytes, receivedMs: freshness.receivedMs });
  }
  return found;
}

function budgetFor(memoryBytes: number): number {
  return Math.max(minBudgetBytes, memoryBytes / 4);
}
