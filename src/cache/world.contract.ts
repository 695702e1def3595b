/**
 * A cache with a parent that a test speaks for, and what must hold of every cache once a test is through: nothing
 * under way, no memory charged, no file open, nothing half-written left.
 */
import { expect } from 'bun:test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { exchange } from '../../test/support/builders.ts';
import { type VirtualClock, virtualClock } from '../../test/support/clock.ts';
import { type Temporary, temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';
import type { Answer } from '../entry.ts';
import type { Ask, Parent } from '../parent.ts';
import type { CacheKey, FreshnessPolicy, NegativePolicy, Resource } from '../resource.ts';
import { answerOf, openFiles, type Pieces, piecewise, Reply, turns } from './answers.contract.ts';
import { type Cache, type CacheOptions, cache } from './cache.ts';
import { type Disk, type DiskOptions, openDisk } from './disk/disk.ts';
import type { Tuning } from './engine.ts';

export interface WorldOptions extends Partial<Omit<CacheOptions, 'disk' | 'tuning'> & Tuning> {
  /** Without a disk by default. */
  readonly disk?: boolean;
  readonly diskBytes?: number;
  readonly objectBytes?: number;
  readonly folder?: Temporary;
  /** Stands between the cache and its parent. */
  readonly asking?: (parent: Parent, clock: VirtualClock) => Parent;
  /** Opens the disk. `openDisk` by default. */
  readonly open?: (options: DiskOptions) => Promise<Disk>;
  /** Stands between the cache and its disk. */
  readonly through?: (disk: Disk) => Disk;
}

export interface Wanted {
  readonly key?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly ask?: Resource['ask'];
  readonly inParts?: boolean | 'ahead';
  readonly agesByRoute?: boolean;
  readonly neverChanges?: boolean;
  readonly tags?: readonly string[];
  readonly freshness?: FreshnessPolicy;
  readonly keepsCookies?: boolean;
  readonly negative?: NegativePolicy;
  readonly compress?: boolean;
  /** The client leaves when this is aborted. */
  readonly signal?: AbortSignal;
  /** Another node asks, for which no client waits. */
  readonly background?: boolean;
}

/** A question that the parent has been asked, and that a test answers. */
export interface Asked {
  readonly ask: Ask;
  answer(body?: string | Uint8Array, fields?: Record<string, string>, status?: number): void;
  confirm(fields?: Record<string, string>): void;
  fail(error: unknown): void;
  /** Answers with a body that comes in pieces, when the test says so. */
  stream(fields?: Record<string, string>, status?: number): Pieces;
}

export interface World extends AsyncDisposable {
  readonly cache: Cache;
  readonly clock: VirtualClock;
  readonly folder: Temporary | null;
  readonly disk: Disk | null;
  /** Every question so far. */
  readonly asked: readonly Asked[];
  readonly warnings: readonly { readonly message: string; readonly error: unknown }[];
  /** How the parent answers by itself. Without it, the test answers each question. */
  parent: ((ask: Ask) => Answer | Promise<Answer>) | null;
  get(wanted?: Wanted): Promise<Reply>;
  /** The next question that the parent is asked, or has been. */
  nextAsk(): Promise<Asked>;
  /** Nothing that could go on by itself has not done so. */
  quiet(): Promise<void>;
}

export async function world(options: WorldOptions = {}): Promise<World> {
  const clock = (options.clock as VirtualClock | undefined) ?? virtualClock();
  const timersBefore = clock.waiting;
  const warnings: { message: string; error: unknown }[] = [];
  const warn = (message: string, fields: Record<string, unknown>) => {
    warnings.push({ message, error: fields['error'] });
  };
  const folder = options.disk ? (options.folder ?? temporary('cache')) : null;
  const open = options.open ?? openDisk;
  const opened = folder
    ? await open({
        folder: folder.path,
        bytes: options.diskBytes ?? 256 * 1024 * 1024,
        objectBytes: options.objectBytes ?? 64 * 1024 * 1024,
        clock,
        warn,
      })
    : null;
  const disk = opened && options.through ? options.through(opened) : opened;
  const made = cache({
    clock,
    memoryBytes: 16 * 1024 * 1024,
    memoryObjectBytes: 64 * 1024,
    slices: { fromBytes: 64 * 1024 * 1024, bytes: 8 * 1024 * 1024 },
    warn,
    ...options,
    tuning: {
      lockMs: 10_000,
      maxFills: 5000,
      finishBytes: 64 * 1024 * 1024,
      finishRequests: 3,
      ...options,
    },
    disk,
  });
  const asking = options.asking?.(parent, clock) ?? parent;
  const asked: Asked[] = [];
  let seen = 0;

  const self: World = {
    cache: made,
    clock,
    folder,
    disk,
    asked,
    warnings,
    parent: null,

    async get(wanted = {}) {
      const { key = 'web /', method = 'GET', ask = 'client', background = false, signal } = wanted;
      const headers = new Headers(wanted.headers);
      const resource: Resource = {
        as: 'resource',
        key: key as CacheKey,
        kind: 'page',
        tags: wanted.tags ?? [],
        ask,
        inParts: wanted.inParts ?? false,
        agesByRoute: wanted.agesByRoute,
        neverChanges: wanted.neverChanges,
        freshness: wanted.freshness,
        hasQuery: true,
        keepsCookies: wanted.keepsCookies,
        negative: wanted.negative,
        compress: wanted.compress === true,
      };
      const request = new Request('http://pop.example/', signal ? { signal } : {});
      const tier = background ? { node: 'pop', route: 'web', background } : null;
      const from = exchange({ method, headers, nowMs: clock.now(), tier, request });
      const found = made.lookup(resource, from);
      if (found.outcome === 'hit') {
        const { resident } = found;
        const source = { from: 'memory', entry: resident.entry, resident } as const;
        return new Reply({ outcome: 'hit', source, forwarding: null }, request.signal);
      }
      return new Reply(await made.obtain(resource, from, found, asking), request.signal);
    },

    async nextAsk() {
      return eventually('the parent being asked', () => (asked.length > seen ? asked[seen++] : null), {
        everyMs: 1,
      });
    },

    async quiet() {
      await turns();
    },

    async [Symbol.asyncDispose]() {
      await eventually('everything under way', () => made.stats.fills === 0, { everyMs: 1, withinMs: 2000 });
      await eventually('memory given back', () => made.stats.passingBytes === 0, {
        everyMs: 1,
        withinMs: 2000,
      });
      if (folder)
        await eventually('nothing half-written', () => unfinished(folder).length === 0, {
          everyMs: 1,
          withinMs: 2000,
        });
      await made.close();
      if (!folder) return;
      await eventually('files closed', () => openFiles(folder.path) === 0, { everyMs: 1, withinMs: 2000 });
      expect(clock.waiting - timersBefore).toBe(0);
      expect(unfinished(folder)).toEqual([]);
      if (!options.folder) folder[Symbol.dispose]();
    },
  };

  function parent(ask: Ask): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    asked.push({
      ask,
      answer: (body = '', fields = {}, status = 200) => resolve(answerOf(body, fields, status)),
      confirm: (fields = {}) => resolve(answerOf(null, fields, 304)),
      fail: reject,
      stream(fields = {}, status = 200) {
        const { pieces, body } = piecewise();
        resolve({ status, headers: new Headers(fields), body });
        return pieces;
      },
    });
    if (self.parent) Promise.try(self.parent, ask).then(resolve, reject);
    return promise;
  }

  return self;
}

function unfinished(folder: Temporary): string[] {
  return readdirSync(join(folder.path, 'tmp'));
}
