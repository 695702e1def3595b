/**
 * What a `meridian.config.ts` is written with. All of it is plain data: a config can be printed, compared
 * and sent to another process, and these functions only give it types.
 */
import type { z } from 'zod';
import { apart, type Placement, type RouteInput } from './define-route.ts';
import type { Frozen } from './frozen.ts';
import type * as schema from './schema.ts';
import type { PeerInput } from './schema-parents.ts';

export type { RouteInput } from './define-route.ts';
export { env } from './variables.ts';

/** What a config file may say: `docs/reference/config.md`. */
export type NetworkInput = Frozen<z.input<typeof schema.network>>;

type NpmRouteInput = Extract<RouteInput, { protocol: 'npm' }>;
type OciRouteInput = Extract<RouteInput, { protocol: 'oci' }>;
type WebRouteInput = Extract<RouteInput, { protocol: 'web' }>;
/** What a route copies to the key/value stores near its nodes. */
export type KvInput = NonNullable<RouteInput['replicate']>;

/** The parameters of an npm route, and where it is. */
export type NpmInput = Placement & NonNullable<NpmRouteInput['npm']>;
/** The parameters of a route for containers, and where it is. */
export type OciInput = Placement & NonNullable<OciRouteInput['oci']>;
/** The parameters of a web route, and where it is. */
export type WebInput = Placement & WebRouteInput['web'];

/** How the nodes tell each other what has changed. */
export type BusInput = NonNullable<NetworkInput['bus']>;
export type LocalInput = Omit<Extract<BusInput, { driver: 'local' }>, 'driver'>;
export type NatsInput = Omit<Extract<BusInput, { driver: 'nats' }>, 'driver'>;
export type RedisInput = Omit<Extract<BusInput, { driver: 'redis' }>, 'driver'>;
type StoreInput = NonNullable<NetworkInput['nodes'][string]['store']>;
type BlobsInput = NonNullable<StoreInput['blobs']>;
type MetadataInput = NonNullable<StoreInput['metadata']>;

/** Blobs as files: `store: { blobs: files({ path: '/srv/blobs' }) }`. */
export function files(settings: NonNullable<BlobsInput['files']> = {}): BlobsInput {
  return { files: settings };
}

/** Blobs in a bucket: `store: { blobs: s3({ bucket: 'packages', region: 'eu-central-1' }) }`. */
export function s3(settings: NonNullable<BlobsInput['s3']>): BlobsInput {
  return { s3: settings };
}

/** Metadata in one file: `store: { metadata: sqlite() }`. */
export function sqlite(settings: NonNullable<MetadataInput['sqlite']> = {}): MetadataInput {
  return { sqlite: settings };
}

/** Metadata in a database: `store: { metadata: postgres({ url: 'postgres://meridian@db.example.com/meridian' }) }`. */
export function postgres(settings: NonNullable<MetadataInput['postgres']>): MetadataInput {
  return { postgres: settings };
}

/**
 * A sibling of a PoP or a shield, in its list of parents: `parents: [peer('lhr'), 'eu-shield', 'origin']`. It is asked first,
 * for what it has; what it has not comes from the parents as ever. `peer('lhr', { forS: '1h' })`: only for so long
 * after the start.
 */
export function peer(node: string, { forS }: Pick<PeerInput, 'forS'> = {}): PeerInput {
  return forS === undefined ? { peer: node } : { peer: node, forS };
}

/** A network: `export default defineNetwork({ nodes: { … }, routes: [ … ] })`. */
export function defineNetwork(network: NetworkInput): NetworkInput {
  return network;
}

/**
 * A route for packages (npm, pnpm, yarn, bun): `npm({ match: { path: '/npm' } })`. Without `upstreams`, the
 * origin asks the registry that its machine's npm is set to.
 */
export function npm(input: NpmInput = {}): NpmRouteInput {
  const { place, settings } = apart(input);
  return { protocol: 'npm', ...place, npm: settings };
}

/**
 * A route for containers (docker, containerd, podman, skopeo, helm, oras), at `/v2` unless it says otherwise:
 * `oci({ sources: [{ name: 'ghcr.io', url: 'https://ghcr.io' }] })`.
 */
export function oci(input: OciInput = {}): OciRouteInput {
  const { place, settings } = apart(input);
  return { protocol: 'oci', ...place, oci: settings };
}

/** A route to any HTTP server: `web({ match: { path: '/assets' }, upstream: 'https://assets.example.com' })`. */
export function web(input: WebInput): WebRouteInput {
  const { place, settings } = apart(input);
  return { protocol: 'web', ...place, web: settings };
}

/** Copies of a route in the store near each node: `web({ upstream: '…', replicate: kv({ objectBytes: '4 MiB' }) })`. */
export function kv(settings: KvInput = {}): KvInput {
  return settings;
}

/** A bus for nodes on one machine: a file in the network's `dataDir`. What there is without any `bus`. */
export function local(input: LocalInput = {}): BusInput {
  return { driver: 'local', ...input };
}

/** A bus of NATS servers with JetStream: `nats({ servers: ['nats://10.0.0.1:4222'], token: env('NATS_TOKEN') })`. */
export function nats(input: NatsInput): BusInput {
  return { driver: 'nats', ...input };
}

/** A bus in Redis 7 or Valkey: `redis({ url: 'redis://10.0.0.1:6379', password: env('REDIS_PASSWORD') })`. */
export function redis(input: RedisInput): BusInput {
  return { driver: 'redis', ...input };
}
