/** For the tests of this folder: an origin that keeps images in files and SQLite, without a cache, and people who push them. */
import { join } from 'node:path';
import { exchange } from '../../../../test/support/builders.ts';
import { nothingAhead } from '../../../../test/support/prefetch.ts';
import { temporary } from '../../../../test/support/temporary.ts';
import { type Clock, systemClock } from '../../../clock.ts';
import type { Answer } from '../../../entry.ts';
import type { Action, Identity } from '../../../identity.ts';
import { openFiles } from '../../../origin/blobs/files.ts';
import { openSqlite } from '../../../origin/metadata/sqlite.ts';
import { openUsage } from '../../../origin/usage/usage.ts';
import type { OriginDoor, Protocol } from '../../../protocol.ts';
import type { Selector } from '../../../purge.ts';
import type { Act, Stores } from '../../../store.ts';
import { digestOf } from '../digest.ts';
import { oci } from '../oci.ts';
import type { PolicyOptions } from '../policy/options.ts';
import type { HostedOptions } from './claims.ts';

const openThings: (() => unknown)[] = [];

/** For `afterEach`. */
export async function closeHomes(): Promise<void> {
  for (const close of openThings.splice(0)) await close();
}

export interface TestHome {
  readonly protocol: Protocol;
  readonly stores: Stores;
  readonly door: OriginDoor;
  /** So far. */
  readonly purged: Selector[];
  /** Whether the bus takes them. */
  bus: 'up' | 'down';
  /** Another process with the same stores. */
  again(): TestHome;
  /** @param target below `/v2/`, or a path. */
  as(who: Identity | null, method: string, target: string, sent?: Sent): Promise<WholeAnswer>;
}

export interface Sent {
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
}

export interface WholeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

const standard: HostedOptions = {
  names: ['*'],
  public: ['open/*'],
  immutableTags: [],
  maxBlobBytes: 2 ** 20,
  keepUnneededS: 3600,
};

export async function openTestHome(
  options: Partial<HostedOptions> = {},
  clock: Clock = systemClock,
  policy: PolicyOptions | null = null,
): Promise<TestHome> {
  const folder = temporary('images');
  const blobs = await openFiles({ path: join(folder.path, 'blobs'), clock });
  const metadata = await openSqlite({ path: join(folder.path, 'metadata.db'), clock });
  const usage = openUsage({ storeBytes: () => undefined, inWords: String, warn: () => {} });
  openThings.push(async () => {
    await blobs.close();
    await metadata.close();
    folder[Symbol.dispose]();
  });
  let written = 0;
  const audit: Stores['audit'] = async (transaction, act) => {
    written++;
    await transaction.put(['acts', String(written).padStart(6, '0')], act);
  };
  return homeWith({ blobs, metadata, usage, audit }, options, clock, policy);
}

/** An origin with these stores. */
export function homeWith(
  stores: Stores,
  options: Partial<HostedOptions>,
  clock: Clock = systemClock,
  policy: PolicyOptions | null = null,
): TestHome {
  const hosted = { ...standard, ...options };
  const ahead = { atOnce: 0, largestBytes: 0 };
  const mount = { route: 'oci', prefix: '', role: 'origin' } as const;
  const protocol = oci(
    { sources: [], mirrors: null, hosted, policy, ahead, replication: [], metadata: {} },
    mount,
    clock,
  );
  const home: TestHome = {
    ...{ protocol, stores, purged: [], bus: 'up' },
    get door() {
      return door;
    },
    again: () => homeWith(stores, options, clock, policy),
    async as(identity, method, target, { body, headers } = {}) {
      const asked = exchange({
        ...{ method, target: target.startsWith('/') ? target : `/v2/${target}` },
        ...(identity !== null && { identity }),
        headers: new Headers(headers),
        ...(body !== undefined && { body }),
      });
      const named = protocol.name(asked);
      if (named.as === 'refusal') throw named.error;
      if (named.as !== 'resource' && named.as !== 'pass') throw new Error(`${target} needs no origin`);
      const { signal } = new AbortController();
      const ask = { exchange: asked, named, stored: null, background: false, reload: false, signal };
      return whole(await protocol.pull(ask, door));
    },
  };
  const purge: OriginDoor['purge'] = async (selectors) => {
    if (home.bus === 'down') throw new Error('the bus cannot be reached');
    home.purged.push(...selectors);
  };
  const nothingIsAsked = () => Promise.reject(new Error('no upstream is asked'));
  const door: OriginDoor = {
    ...{
      stores,
      purge,
      accounts: null,
      fetch: nothingIsAsked,
      read: nothingIsAsked,
      fetchAhead: nothingIsAsked,
    },
    ...{ newestPurge: 0, spares: () => true, heldBytes: () => null },
  };
  protocol.begin?.({ stores, purge, warn: () => {}, ...nothingAhead });
  return home;
}

async function whole({ status, headers, body }: Answer): Promise<WholeAnswer> {
  return { status, headers, bytes: new Uint8Array(await new Response(body).arrayBuffer()) };
}

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

/** Pushes a blob in one request, as alice, and fails where that fails. @returns its digest. */
export async function pushedBlob(home: TestHome, name: string, text: string): Promise<string> {
  const body = bytesOf(text);
  const digest = digestOf(body);
  const answer = await home.as(alice, 'POST', `${name}/blobs/uploads/?digest=${digest}`, { body });
  if (answer.status !== 201) throw new Error(new TextDecoder().decode(answer.bytes));
  return digest;
}

export const imageType = 'application/vnd.oci.image.manifest.v1+json';

/** A manifest of a config and a layer with this text, both of which are pushed. @returns what `PUT` sends. */
export async function manifestIn(home: TestHome, name: string, text: string): Promise<Required<Sent>> {
  const describe = async (mediaType: string, content: string) => ({
    ...{ mediaType, digest: await pushedBlob(home, name, content), size: bytesOf(content).length },
  });
  const manifest = {
    ...{ schemaVersion: 2, mediaType: imageType },
    config: await describe('application/vnd.oci.image.config.v1+json', `config of ${text}`),
    layers: [await describe('application/vnd.oci.image.layer.v1.tar', text)],
  };
  return { body: bytesOf(JSON.stringify(manifest)), headers: { 'content-type': imageType } };
}

/** As alice. @returns the digest. */
export async function pushedImage(home: TestHome, name: string, tag: string, text: string): Promise<string> {
  const manifest = await manifestIn(home, name, text);
  const answer = await home.as(alice, 'PUT', `${name}/manifests/${tag}`, manifest);
  if (answer.status !== 201) throw new Error(new TextDecoder().decode(answer.bytes));
  return answer.headers.get('docker-content-digest') ?? '';
}
