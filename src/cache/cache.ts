/**
 * The cache of a node: memory before disk before the parent. It knows HTTP (RFC 9111), and neither protocols
 * nor topology. `lookup` is the way of a memory hit; `obtain` is everything else.
 */
import type { Clock } from '../clock.ts';
import type { Answer } from '../entry.ts';
import type { Exchange } from '../exchange.ts';
import type { Parent } from '../parent.ts';
import type { CacheKey, Resource } from '../resource.ts';
import { adopt } from './adopt.ts';
import type { Budget } from './budget.ts';
import type { Disk, DiskStats } from './disk/disk.ts';
import type { Engine, SliceSizes } from './engine.ts';
import { equivalents } from './equivalents.ts';
import { merit } from './eviction/merit.ts';
import { flights } from './flights.ts';
import { lookup, lookupEquivalent } from './lookup.ts';
import { type MemoryStats, memory } from './memory.ts';
import { remember } from './remember.ts';
import type { Found, Served } from './served.ts';
import type { Obtained } from './slices/object.ts';
import { obtain } from './slices/obtain.ts';
import { store } from './store.ts';

export interface Cache {
  /** Memory only, synchronous: the hit path. */
  lookup(resource: Resource, exchange: Exchange): Found;
  /** From disk, from a fill under way, or from the parent. Fails with a `MeridianError`. */
  obtain(resource: Resource, exchange: Exchange, found: Found, parent: Parent): Promise<Obtained>;
  /**
   * Keeps an answer that came of something else than a look-up, but may stand for it, if it says for how long
   * (RFC 9110 §9.3.3). `null`: it may not be kept.
   */
  adopt(resource: Resource, exchange: Exchange, answer: Answer): Promise<Served> | null;
  /**
   * Forgets every variant of a key. What was asked for before still goes to those who wait for it, and is not
   * stored; who comes from now on asks anew.
   */
  drop(key: CacheKey): void;
  resize(limits: CacheLimits): void;
  /** Resolves when everything acknowledged is on disk. */
  close(): Promise<void>;
  readonly stats: CacheStats;
}

export interface CacheLimits {
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly slices: SliceSizes;
}

export interface CacheStats {
  readonly memory: MemoryStats;
  readonly disk: DiskStats | null;
  /** Requests to the parent under way, with the fills that came of them. */
  readonly fills: number;
  /** Of bodies on their way, held in memory. */
  readonly passingBytes: number;
}

export interface CacheOptions {
  readonly clock: Clock;
  readonly memoryBytes: number;
  /** One object in memory, in bytes. */
  readonly memoryObjectBytes: number;
  readonly disk: Disk | null;
  /** How long a request waits for another one's answer before it asks by itself. */
  readonly lockMs: number;
  readonly maxFills: number;
  readonly slices: SliceSizes;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

/** Keys of which something is remembered for a while. */
const maxNotes = 65_536;
/** Bodies on their way that are held in memory, all together: at least this, or a quarter of the memory tier. */
const minBudgetBytes = 32 * 1024 * 1024;

export function cache(options: CacheOptions): Cache {
  const { clock, disk } = options;
  const residents = memory(options.memoryBytes, merit());
  const held = store(residents, disk, options.memoryObjectBytes);
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
    maxFills: options.maxFills,
    slices: options.slices,
    lockMs: options.lockMs,
    warn: options.warn,
  };

  return {
    lookup(resource, exchange) {
      const found = lookup(residents, resource, exchange);
      return found.resident === null
        ? lookupEquivalent(residents, engine.equivalents, resource, exchange)
        : found;
    },
    obtain: (resource, exchange, found, parent) => obtain({ resource, exchange, parent }, found, engine),
    adopt: (resource, exchange, answer) => adopt(resource, exchange, answer, engine),
    drop(key) {
      held.drop(key);
      const other = engine.equivalents.forget(key);
      if (other !== null) held.drop(other);
    },
    resize({ memoryBytes, diskBytes, slices }) {
      engine.slices = slices;
      residents.resize(memoryBytes);
      budget.limitBytes = budgetFor(memoryBytes);
      disk?.resize(diskBytes);
    },
    async close() {
      await held.settled();
      await disk?.close();
    },
    get stats() {
      return {
        memory: residents.stats,
        disk: disk?.stats ?? null,
        fills: engine.flights.size,
        passingBytes: budget.usedBytes,
      };
    },
  };
}

function budgetFor(memoryBytes: number): number {
  return Math.max(minBudgetBytes, memoryBytes / 4);
}
