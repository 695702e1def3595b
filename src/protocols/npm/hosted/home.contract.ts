/** For the tests of this folder: an origin that keeps packages in files and SQLite, and people who publish them. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pack } from '../../../../test/support/package.ts';
import { temporary } from '../../../../test/support/temporary.ts';
import { type Clock, systemClock } from '../../../clock.ts';
import type { Action, Identity } from '../../../identity.ts';
import { openFiles } from '../../../origin/blobs/files.ts';
import { openSqlite } from '../../../origin/metadata/sqlite.ts';
import { openUsage } from '../../../origin/usage/usage.ts';
import type { Job } from '../../../protocol.ts';
import type { Selector } from '../../../purge.ts';
import type { Act, Stores } from '../../../store.ts';
import type { NpmOptions } from '../npm.ts';
import { closeLater, exchangeOf, Origin, type WholeAnswer } from '../world.contract.ts';

export interface Home {
  readonly origin: Origin;
  readonly stores: Stores;
  /** Purges so far, each with what could be read at that moment of the package that it is about. */
  readonly purged: Selector[];
  /** Whether the bus takes them. */
  bus: 'up' | 'down';
  /** Another process with the same stores. */
  again(): Home;
  as(identity: Identity | null, method: string, target: string, body?: unknown): Promise<WholeAnswer>;
}

export async function openHome(options: Partial<NpmOptions> = {}, clock: Clock = systemClock): Promise<Home> {
  const folder = temporary('home');
  const blobs = await openFiles({ path: join(folder.path, 'blobs'), clock });
  const metadata = await openSqlite({ path: join(folder.path, 'metadata.db'), clock });
  const usage = openUsage({ storeBytes: () => undefined, inWords: String, warn: () => {} });
  closeLater(async () => {
    await blobs.close();
    await metadata.close();
    folder[Symbol.dispose]();
  });
  let written = 0;
  const audit: Stores['audit'] = async (transaction, act) => {
    written++;
    await transaction.put(['acts', String(written).padStart(6, '0')], act);
  };
  return homeWith({ blobs, metadata, usage, audit }, options, clock);
}

/** On stores that somebody else closes. */
export function homeWith(stores: Stores, options: Partial<NpmOptions>, clock = systemClock): Home {
  const hosted = { scopes: ['@acme'], names: ['own'], others: false, access: 'public' } as const;
  const origin = new Origin({ hosted, ...options }, clock);
  const home: Home = {
    origin,
    stores,
    purged: [],
    bus: 'up',
    again: () => homeWith(stores, options, clock),
    async as(identity, method, target, body) {
      const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
      const exchange = { ...exchangeOf(target, {}, init), ...(identity && { identity }) };
      return origin.ask(origin.protocol.name(exchange), exchange);
    },
  };
  Object.assign(origin.door, {
    stores,
    purge: async (selectors: readonly Selector[]) => {
      if (home.bus === 'down') throw new Error('the bus cannot be reached');
      home.purged.push(...selectors);
    },
  });
  return home;
}

/** What has been written down, the oldest first. */
export async function acts({ stores }: Home): Promise<readonly Act[]> {
  const found = await stores.metadata.scan(['acts']);
  return found.map(({ value }) => value as Act);
}

/** Somebody with a token who may do this to everything, by name. */
export function someone(name: string, ...actions: readonly Action[]): Identity {
  return { name: `user:${name}`, token: 'token', may: ({ action }) => actions.includes(action) };
}

export const alice = someone('alice', 'read', 'publish', 'delete', 'admin');

export interface Draft {
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly access?: 'public' | 'restricted';
  readonly tarball?: Uint8Array;
  readonly dist?: Readonly<Record<string, unknown>>;
  readonly length?: number;
  readonly attachments?: Readonly<Record<string, unknown>>;
}

export function tarballOf(name: string, version: string, files: Draft['files'] = {}): Uint8Array {
  return pack({ name, version }, files);
}

/** What npm sends to publish a version. */
export function publicationOf(name: string, version: string, draft: Draft = {}): Record<string, unknown> {
  const tarball = draft.tarball ?? tarballOf(name, version, draft.files);
  const hash = (algorithm: string, encoding: 'base64' | 'hex') =>
    createHash(algorithm).update(tarball).digest(encoding);
  const dist = {
    integrity: `sha512-${hash('sha512', 'base64')}`,
    shasum: hash('sha1', 'hex'),
    ...draft.dist,
  };
  return {
    _id: name,
    name,
    'dist-tags': draft.tags ?? { latest: version },
    versions: { [version]: { name, version, ...draft.manifest, dist } },
    access: draft.access ?? null,
    _attachments: {
      [`${name}-${version}.tgz`]: {
        content_type: 'application/octet-stream',
        data: Buffer.from(tarball).toString('base64'),
        length: draft.length ?? tarball.byteLength,
      },
      ...draft.attachments,
    },
  };
}

/** Publishes as alice, and fails where that fails. */
export async function published(home: Home, name: string, version: string, draft: Draft = {}): Promise<void> {
  const answer = await home.as(alice, 'PUT', `/${name}`, publicationOf(name, version, draft));
  if (answer.status !== 201) throw new Error(answer.text);
}

/** Long work as a test has it done, and what it says of itself. */
export function jobAt({ stores, origin }: Home, get: Job['get'] = nothingIsAsked) {
  const counts: Record<string, number> = {};
  const notes: string[] = [];
  const job: Job = {
    ...{ stores, get, signal: new AbortController().signal },
    purge: origin.door.purge,
    count(what, more = 1) {
      counts[what] = (counts[what] ?? 0) + more;
    },
    note: (sentence) => void notes.push(sentence),
  };
  return { job, counts, notes };
}

const nothingIsAsked: Job['get'] = () => Promise.reject(new Error('no upstream is asked'));
