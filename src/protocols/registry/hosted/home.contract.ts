/** For the tests of this folder: an origin that keeps packages in files and SQLite, without a cache, and people who publish them. */
import { join } from 'node:path';
import { exchange } from '../../../../test/support/builders.ts';
import { temporary } from '../../../../test/support/temporary.ts';
import { type Clock, systemClock } from '../../../clock.ts';
import type { Answer, Entry } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import type { Action, Identity } from '../../../identity.ts';
import { openFiles } from '../../../origin/blobs/files.ts';
import { openSqlite } from '../../../origin/metadata/sqlite.ts';
import { openUsage } from '../../../origin/usage/usage.ts';
import type { PartAsk } from '../../../parent.ts';
import type { OriginDoor } from '../../../protocol.ts';
import type { Selector } from '../../../purge.ts';
import type { Act, Stores } from '../../../store.ts';
import { Budget } from '../../budget.ts';
import type { Ecosystem, Pulling, RegistryOrigin } from '../ecosystem.ts';
import type { HostedOptions, MirrorOptions } from '../options.ts';
import { type HoldOptions, withBlobs } from './blob.ts';
import { openHosted } from './claims.ts';
import { type Publication, type Published, publish } from './publish.ts';
import { Refusal } from './refusal.ts';
import { openTeller } from './tell.ts';

const openThings: (() => unknown)[] = [];

/** For `afterEach`. */
export async function closeHomes(): Promise<void> {
  for (const close of openThings.splice(0)) await close();
}

export interface TestHome {
  readonly stores: Stores;
  readonly registry: RegistryOrigin;
  /** So far. */
  readonly purged: Selector[];
  /** Whether the bus takes them. */
  bus: 'up' | 'down';
  /** Another process with the same stores. */
  again(): TestHome;
  /** One question of somebody. */
  as(who: Identity | null, asked?: Asked): Pulling;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  readonly stored?: Entry;
  readonly part?: PartAsk;
}

const standard: HostedOptions = { names: ['*'], public: ['open-*'], maxFileBytes: 2 ** 20, quota: {} };

export interface HomeOptions extends Partial<HostedOptions> {
  readonly clock?: Clock;
  readonly mirror?: MirrorOptions;
}

export async function openTestHome(
  options: HomeOptions = {},
  ecosystem: Ecosystem = testEcosystem,
): Promise<TestHome> {
  const { clock = systemClock } = options;
  const folder = temporary('packages');
  const blobs = await openFiles({ path: join(folder.path, 'blobs'), clock });
  const metadata = await openSqlite({ path: join(folder.path, 'metadata.db'), clock });
  const usage = openUsage({ storeBytes: () => undefined, inWords: String, warn: () => {} });
  openThings.push(async () => {
    await blobs.close();
    await metadata.close();
    folder[Symbol.dispose]();
  });
  const audit: Stores['audit'] = async (transaction, act) => {
    const before = await transaction.scan(['acts']);
    await transaction.put(['acts', String(before.length).padStart(6, '0')], act);
  };
  return homeWith({ blobs, metadata, usage, audit }, options, ecosystem);
}

/** Another process, or another machine, with these stores. */
export function homeWith(
  stores: Stores,
  options: HomeOptions = {},
  ecosystem: Ecosystem = testEcosystem,
): TestHome {
  const { clock = systemClock, mirror = {} } = options;
  const hosted = openHosted({ ...standard, ...options });
  const registry: RegistryOrigin = {
    ...{ ecosystem, route: 'packages', prefix: '/packages', hosted, policy: null, mirror, clock },
    sources: { all: [], of: () => [], named: () => null },
    ...{ teller: openTeller(ecosystem, 'packages'), metadata: {}, maxIndexBytes: 2 ** 20 },
    ...{ budget: new Budget(2 ** 20) },
    isRestricted: (name) => hosted.claims(name) && !hosted.isPublic(name),
    livesHere: (name) => hosted.claims(name),
  };
  const nothingIsAsked = () => Promise.reject(new Error('no upstream is asked'));
  const home: TestHome = {
    ...{ stores, registry, purged: [], bus: 'up' },
    again: () => homeWith(stores, options, ecosystem),
    as(identity, { method = 'GET', headers, body, stored = null, part = null } = {}) {
      const asked = exchange({
        ...{ method, target: '/packages/thing', headers: new Headers(headers) },
        ...(identity !== null && { identity }),
        ...(body instanceof Uint8Array && { body }),
      });
      const own = body instanceof ReadableStream ? { ...asked, body: () => body } : asked;
      const named = { as: 'pass', kind: 'thing', why: 'method', ask: [] } as const;
      const { signal } = new AbortController();
      const ask = { exchange: own, named, stored, part, background: false, reload: false, signal };
      return { registry, ask, door };
    },
  };
  const door: OriginDoor = {
    ...{ stores, accounts: null, fetch: nothingIsAsked, read: nothingIsAsked, fetchAhead: nothingIsAsked },
    ...{ newestPurge: 0, spares: () => true, heldBytes: () => null },
    async purge(selectors) {
      if (home.bus === 'down') throw new MeridianError('bus-unreachable', 'the bus cannot be reached');
      home.purged.push(...selectors);
    },
  };
  return home;
}

/** Of files below the name of their package: `/thing/index` and `/thing/thing-1.0.tgz`. */
export const testEcosystem: Ecosystem = {
  ...{ id: 'test', title: 'Test', advisories: null },
  read(path) {
    const [, name = '', file = ''] = path.split('/');
    if (name === '' || file === '') return { as: 'absent', why: 'no address' };
    const version = /-([^-]+)\.tgz$/.exec(file)?.[1];
    const item = { kind: 'file', name, path: `${name}/${file}`, version, isFile: version !== undefined };
    return { as: 'item', item };
  },
  pull: () => Promise.reject(new Error('nothing is pulled')),
  order: {
    isVersion: () => true,
    compare: (a, b) => (a < b ? -1 : Number(a > b)),
    isPrerelease: () => false,
    basisOf: () => null,
    canonical: (version) => version,
  },
  canonical: (name) => name.toLowerCase(),
  guides: () => [],
};

/** Somebody with a token who may do this to everything, by name. */
export function someone(name: string, ...actions: readonly Action[]): Identity {
  return { name: `user:${name}`, token: 'token', may: ({ action }) => actions.includes(action) };
}

export const alice = someone('alice', 'read', 'publish', 'delete');

/** What has been written down, the oldest first. */
export async function acts({ stores }: TestHome): Promise<readonly Act[]> {
  const found = await stores.metadata.scan(['acts']);
  return found.map(({ value }) => value as Act);
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}

export interface Wanted extends Partial<Omit<Publication, 'files'>> {
  /** Texts by the names of files. */
  readonly files?: Readonly<Record<string, string>>;
  readonly fileMeta?: Readonly<Record<string, unknown>>;
  readonly by?: Identity | null;
  readonly options?: HoldOptions;
}

/** `thing` 1.0 of one file, as alice, unless it is said otherwise. */
export function published(home: TestHome, wanted: Wanted = {}): Promise<Published> {
  const { by = alice, files, fileMeta, options, ...rest } = wanted;
  const version = wanted.version ?? '1.0';
  const at = home.as(by, { method: 'POST' });
  return withBlobs(at, async (hold) => {
    const held = [];
    for (const [name, text] of Object.entries(files ?? { [`thing-${version}.tgz`]: `bytes of ${version}` }))
      held.push({ name, held: await hold(bytesOf(text), options), ...(fileMeta && { meta: fileMeta }) });
    return publish(at, {
      ...{ name: 'thing', version, meta: {}, onExisting: 'refuse' },
      ...rest,
      files: held,
    });
  });
}

/** What whoever asked is told: a status with the message, or the code of an error. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Refusal) return `${error.status} ${error.message}`;
    if (error instanceof MeridianError) return error.code;
    throw error;
  }
  return 'done';
}

export async function textOf({ body }: Answer): Promise<string> {
  return new Response(body).text();
}

/** What is held of blobs, pins included. */
export async function referencesOf({ stores }: TestHome): Promise<readonly string[]> {
  const found = await stores.metadata.scan(['blob']);
  return found.map(({ key }) => key.slice(3).join(' '));
}
