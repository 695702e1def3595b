/**
 * A network as the rest of Meridian sees it, and how it is made of what a config file says. It is
 * complete and checked: every default filled in, every path absolute, every size in bytes. It is plain
 * data, so it can be compared and handed to another process. Nothing here touches a disk or a network.
 */
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import type { TlsFiles } from '../server-tls.ts';
import { checkBus } from './checks/bus.ts';
import type { Draft } from './checks/draft.ts';
import { checkHot } from './checks/hot.ts';
import { checkKv } from './checks/kv.ts';
import { checkListeners } from './checks/listeners.ts';
import { checkServerTls } from './checks/pem.ts';
import { checkRings } from './checks/ring.ts';
import { checkRoles } from './checks/roles.ts';
import { checkRoutes } from './checks/routes.ts';
import { checkStorage } from './checks/storage.ts';
import { checkTls } from './checks/tls.ts';
import { checkTopology } from './checks/topology.ts';
import { checkWarm } from './checks/warm.ts';
import { completeRoute } from './complete-route.ts';
import { isAnyAddress, isLoopback } from './forms.ts';
import type { Frozen } from './frozen.ts';
import { mistakesOf } from './issues.ts';
import { kvStore } from './kv.ts';
import type { Mistake } from './mistake.ts';
import { member } from './outline.ts';
import { type Overrides, override } from './overrides.ts';
import * as schema from './schema.ts';
import { type ParsedPeer, parentsIn, peersIn } from './schema-parents.ts';
import { absoluteListenerTls, absoluteTls } from './schema-tls.ts';
import { newSecret } from './secret.ts';
import {
  type AccessLogConfig,
  checkTelemetryVariables,
  completeTelemetry,
  type TelemetryConfig,
} from './telemetry.ts';
import { type Environment, fillIn } from './variables.ts';

type Of<Schema extends z.ZodType> = Frozen<z.output<Schema>>;

export interface Network {
  readonly name: string;
  /** At least 32 characters, the same on every node. */
  readonly secret: string;
  /** Absolute path. */
  readonly dataDir: string;
  readonly bus: BusConfig;
  readonly purge: PurgeConfig;
  readonly access: AccessConfig;
  /** Real timings are taken in; without it, not. */
  readonly rum?: RumConfig | undefined;
  readonly nodes: Readonly<Record<string, NodeConfig>>;
  /** Key/value stores by name. */
  readonly kv: Readonly<Record<string, KvConfig>>;
  /** The first that matches serves a request. */
  readonly routes: readonly RouteConfig[];
  /** What nodes always have before anybody asks for it. */
  readonly warm: readonly WarmConfig[];
}

export interface NodeConfig
  extends Omit<
    Of<typeof schema.node>,
    | (
        | 'parents'
        | 'listen'
        | 'accessLog'
        | 'memory'
        | 'disk'
        | 'store'
        | 'http2'
        | 'tls'
        | 'ring'
        | 'workers'
      )
    | 'telemetry'
  > {
  readonly name: string;
  /** Names of nodes, in order of preference. */
  readonly parents: readonly string[];
  /** Siblings, which are asked before the parents for what they have. */
  readonly peers: readonly ParsedPeer[];
  /** Absolute path: what this node keeps on disk, and nobody else touches. */
  readonly dataDir: string;
  readonly listen: readonly ListenConfig[];
  /** How other nodes reach this one: absolute, without a trailing slash. */
  readonly url: string;
  /** Whether they do so over HTTP/2. */
  readonly http2: boolean;
  /** Absolute paths of PEM files. */
  readonly tls?: TlsFiles | undefined;
  readonly accessLog: AccessLogConfig;
  readonly memory: StoreBounds;
  readonly disk: StoreBounds | false;
  /** What an origin keeps for good. */
  readonly store?: StoreConfig | undefined;
  /** `auto`: what its machine has cores for (`cli/worker-count.ts`). */
  readonly workers: number | 'auto';
  /** The ring that its workers are members of; without it, they have one of their own. */
  readonly ring?: RingConfig | undefined;
  readonly telemetry: TelemetryConfig;
}

export interface RingConfig extends Of<typeof schema.ring> {
  /** How other nodes reach the first worker: absolute, without a trailing slash. */
  readonly address: string;
  /** Absolute paths of PEM files. */
  readonly tls?: ListenTlsFiles | undefined;
}

/** Paths are absolute; what it keeps there is named after the network unless said otherwise. */
export type BusConfig =
  | (LocalBus & { readonly path: string })
  | (NatsBus & { readonly prefix: string })
  | (RedisBus & { readonly prefix: string });
type LocalBus = Extract<Of<typeof schema.bus>, { driver: 'local' }>;
type NatsBus = Extract<Of<typeof schema.bus>, { driver: 'nats' }>;
type RedisBus = Extract<Of<typeof schema.bus>, { driver: 'redis' }>;
export interface StoreConfig {
  readonly blobs: BlobsConfig;
  readonly metadata: MetadataConfig;
  readonly collection: Of<typeof schema.collection>;
  readonly uploads: Of<typeof schema.uploads>;
  readonly quotaBytes?: number | undefined;
  readonly minFreeBytes: number;
}

/** Paths are absolute. `spool`: where blobs wait until their name is known. */
export type BlobsConfig =
  | { readonly engine: 'files'; readonly path: string }
  | ({ readonly engine: 's3'; readonly spool: string } & Of<typeof schema.s3Store>);
export type MetadataConfig =
  | { readonly engine: 'sqlite'; readonly path: string }
  | ({ readonly engine: 'postgres' } & Of<typeof schema.postgresStore>);

export interface ListenConfig extends Of<typeof schema.listen> {
  /** Absolute paths of PEM files. */
  readonly tls?: ListenTlsFiles | undefined;
  readonly http2: boolean;
}

export interface ListenTlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string | undefined;
}

/** In bytes: all entries together, and one of them. */
export interface StoreBounds {
  readonly bytes: number;
  readonly objectBytes: number;
}

export type KvConfig = Of<typeof kvStore>;
export type PurgeConfig = Of<typeof schema.purge>;
export type AccessConfig = Of<typeof schema.access>;
export type WarmConfig = Of<typeof schema.warm>;
export type RumConfig = Of<typeof schema.rum>;
export type Limits = Of<typeof schema.limits>;
export type Timeouts = Of<typeof schema.timeouts>;

export type RouteConfig = Of<typeof schema.route>;
export type NpmRoute = Extract<RouteConfig, { protocol: 'npm' }>;
export type WebRoute = Extract<RouteConfig, { protocol: 'web' }>;
/** Without upstreams, an origin asks the registry of this machine's npm setting: see `npm-setting.ts`. */
export type NpmConfig = Of<typeof schema.npm>;
export type NpmUpstream = Of<typeof schema.npmUpstream>;
export type MetadataTimes = Of<typeof schema.metadataTimes>;
export type WebConfig = Of<typeof schema.web>;

export interface ParseOptions {
  /** Absolute path of the folder that relative paths start from. */
  readonly configDir: string;
  readonly env: Environment;
  readonly overrides: Overrides;
  /**
   * The nodes that run on this machine; all of them unless said. The origin's credentials need not exist
   * where there is no origin.
   */
  readonly here?: readonly string[] | undefined;
  /** Absolute path → what keeps the file from being read (`load.ts` looks); a mistake where the config needs it. */
  readonly missingFiles?: ReadonlyMap<string, string>;
}

export type Parsed =
  /** `secretIsNew`: the config has none and needs none, and this one was made on the spot. */
  | { readonly ok: true; readonly network: Network; readonly secretIsNew: boolean }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

const checks = [
  ...[checkTopology, checkListeners, checkTls, checkRings, checkStorage, checkRoutes],
  ...[checkBus, checkKv, checkHot, checkServerTls, checkWarm, checkRoles],
];

/** Checks what a config file says, all of it: either a network, or every mistake at once. */
export function parseNetwork(input: unknown, options: ParseOptions): Parsed {
  const { env, overrides, configDir } = options;
  const isForOrigin = ([part, , setting]: readonly PropertyKey[]) => part === 'routes' || setting === 'store';
  const filled = fillIn(input, env, (path) => isForOrigin(path) && !runsOriginHere(input, options.here));
  const parsed = schema.network.safeParse(filled.value);
  const valid = parsed.success ? whole(parsed.data) : salvage(filled.value);
  const nodeNames = new Set(Object.keys(toObject(member(filled.value, 'nodes'))));
  const changed = override(valid.nodes, nodeNames, overrides, env);
  const draft: Draft = {
    ...{ ...valid, written: filled.value },
    kvNames: new Set(Object.keys(toObject(member(filled.value, 'kv')))),
    nodes: changed.nodes,
    nodeNames,
    missingFiles: options.missingFiles ?? new Map(),
    configDir,
  };
  const mistakes = onePerPath([
    ...filled.mistakes,
    ...(parsed.success ? [] : mistakesOf(parsed.error.issues, input, filled.value)),
    ...changed.mistakes,
    ...checks.flatMap((check) => check(draft)),
    ...checkSecret(filled.value, valid.nodes),
    ...checkTelemetryVariables(env),
  ]);
  if (!parsed.success || mistakes.length > 0) return { ok: false, mistakes };
  const network = complete({ ...parsed.data, nodes: Object.fromEntries(changed.nodes) }, options);
  return { ok: true, network, secretIsNew: parsed.data.secret === undefined };
}

/** An origin's credentials need not exist on machines without one. */
function runsOriginHere(input: unknown, here: readonly string[] | undefined): boolean {
  const nodes = member(input, 'nodes');
  return here === undefined || here.some((name) => member(member(nodes, name), 'role') === 'origin');
}

type Valid = Pick<Draft, 'nodes' | 'kv' | 'routes' | 'bus' | 'warm'>;

function whole({ nodes, kv, routes, bus, warm }: schema.ParsedNetwork): Valid {
  return { nodes: new Map(Object.entries(nodes)), kv: new Map(Object.entries(kv)), routes, bus, warm };
}

/** The nodes and routes that are valid by themselves, of a config that is not valid as a whole. */
function salvage(input: unknown): Valid {
  const routes = member(input, 'routes');
  return {
    nodes: validIn(member(input, 'nodes'), schema.node),
    kv: validIn(member(input, 'kv'), kvStore),
    warm: schema.network.shape.warm.safeParse(member(input, 'warm') ?? []).data ?? [],
    bus: schema.network.shape.bus.safeParse(member(input, 'bus')).data,
    routes: Array.isArray(routes) ? routes.map((value) => schema.route.safeParse(value).data) : [],
  };
}

function validIn<Schema extends z.ZodType>(map: unknown, schema: Schema): Map<string, z.output<Schema>> {
  const parsed = Object.entries(toObject(map)).map(
    ([name, value]) => [name, schema.safeParse(value).data] as const,
  );
  return new Map(parsed.flatMap(([name, data]) => (data === undefined ? [] : [[name, data]])));
}

function toObject(value: unknown): object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

/** The first mistake at a path is the cause of others there. */
function onePerPath(mistakes: readonly Mistake[]): Mistake[] {
  return mistakes.filter(({ path }, index) => mistakes.findIndex((other) => other.path === path) === index);
}

/** A secret that is made on the spot cannot be known to other machines: the file's own hosts decide. */
function checkSecret(input: unknown, nodes: Draft['nodes']): Mistake[] {
  if (member(input, 'secret') !== undefined) return [];
  const exposed = [...nodes].find(([, { listen, ring }]) =>
    [...listen, ...(ring ? [ring] : [])].some(({ host }) => !isLoopback(host)),
  );
  if (exposed === undefined) return [];
  const expected = `at least 32 characters, because ${exposed[0]} listens beyond this machine`;
  const hint =
    "Make one with `openssl rand -hex 32`, keep it in a variable, and write secret: env('MERIDIAN_SECRET')";
  return [{ path: 'secret', expected, found: 'nothing', hint }];
}

function complete(parsed: schema.ParsedNetwork, { configDir, overrides, env }: ParseOptions): Network {
  const dataDir = overrides.dataDir ?? resolve(configDir, parsed.dataDir);
  const nodes = Object.entries(parsed.nodes).map(([name, node]) => [
    name,
    {
      ...completeNode(name, node, dataDir, configDir),
      telemetry: completeTelemetry(parsed.telemetry, node.telemetry, env),
    },
  ]);
  const secret = parsed.secret ?? newSecret();
  const bus = completeBus(parsed, dataDir, configDir);
  const { name, purge, access, rum, warm } = parsed;
  const stores = Object.entries(parsed.kv).map(([store, config]) => [
    store,
    { ...config, ...absoluteTls(config.tls, configDir) },
  ]);
  const kv = Object.fromEntries(stores);
  const routes = parsed.routes.map((route) => completeRoute(route, configDir));
  const shared = { name, secret, dataDir, bus, purge, access, rum, warm };
  return { ...shared, nodes: Object.fromEntries(nodes), kv, routes };
}

function completeBus({ bus, name }: schema.ParsedNetwork, dataDir: string, configDir: string): BusConfig {
  if (bus.driver === 'local')
    return {
      ...bus,
      path: bus.path === undefined ? join(dataDir, 'bus', 'log.sqlite') : resolve(configDir, bus.path),
    };
  return { ...bus, prefix: bus.prefix ?? name, ...absoluteTls(bus.tls, configDir) };
}

function completeNode(
  name: string,
  node: schema.ParsedNode,
  networkDir: string,
  configDir: string,
): Omit<NodeConfig, 'telemetry'> {
  const dataDir = node.dataDir === undefined ? join(networkDir, name) : resolve(configDir, node.dataDir);
  const listen = node.listen.map((listener) => completeListener(listener, configDir));
  const { path, hide, ...logging } = node.accessLog;
  const logPath =
    path === undefined ? join(dataDir, 'access.log') : path === 'stdout' ? path : resolve(configDir, path);
  return {
    ...node,
    name,
    parents: parentsIn(node.parents),
    peers: peersIn(node.parents),
    dataDir,
    listen,
    ...howAsked(node, listen),
    ...absoluteTls(node.tls, configDir),
    accessLog: { ...logging, path: logPath, hide: hide.map((name) => name.toLowerCase()) },
    memory: completeBounds(node.memory, 'memory'),
    disk: node.disk && completeBounds(node.disk, 'disk'),
    store: node.role === 'origin' ? completeStore(node.store, dataDir, configDir) : undefined,
    // An origin's stores belong to one process; all else can use every core.
    workers: node.workers ?? (node.role === 'origin' ? 1 : 'auto'),
    ring: node.ring && completeRing(node.ring, configDir),
  };
}

/** How other nodes ask this one. */
function howAsked(
  node: schema.ParsedNode,
  listen: readonly ListenConfig[],
): Pick<NodeConfig, 'url' | 'http2'> {
  const { url = urlOf(listen), http2 } = node;
  return { url, http2: http2 ?? url.startsWith('https:') };
}

function completeStore(
  { blobs, metadata, ...rest }: NonNullable<schema.ParsedNode['store']> = schema.standardStore,
  dataDir: string,
  configDir: string,
): StoreConfig {
  const placed = (path: string | undefined, name: string) =>
    path === undefined ? join(dataDir, name) : resolve(configDir, path);
  return {
    blobs: blobs.s3
      ? { engine: 's3', spool: join(dataDir, 'spool'), ...blobs.s3, ...absoluteTls(blobs.s3.tls, configDir) }
      : { engine: 'files', path: placed(blobs.files?.path, 'blobs') },
    metadata: metadata.postgres
      ? { engine: 'postgres', ...metadata.postgres, ...absoluteTls(metadata.postgres.tls, configDir) }
      : { engine: 'sqlite', path: placed(metadata.sqlite?.path, 'metadata.db') },
    ...rest,
  };
}

function completeBounds(
  { bytes, objectBytes }: schema.ParsedNode['memory'],
  store: keyof typeof schema.standardObjectBytes,
): StoreBounds {
  const { atMost, share } = schema.standardObjectBytes[store];
  return { bytes, objectBytes: objectBytes ?? Math.min(atMost, Math.floor(bytes * share)) };
}

function completeListener(listener: schema.ParsedNode['listen'][number], configDir: string): ListenConfig {
  const { tls, http2 } = listener;
  if (tls === undefined) return { ...listener, tls, http2: http2 ?? false };
  return { ...listener, tls: absoluteListenerTls(tls, configDir), http2: http2 ?? true };
}

function completeRing(ring: NonNullable<schema.ParsedNode['ring']>, configDir: string): RingConfig {
  const { tls, address = `${tls ? 'https' : 'http'}://${hostOf(ring)}` } = ring;
  return { ...ring, address, ...(tls && { tls: absoluteListenerTls(tls, configDir) }) };
}

/** Of the first listener that speaks plain HTTP or TLS from the first byte. */
function urlOf(listen: readonly ListenConfig[]): string {
  const listener = listen.find(({ proxyProtocol }) => !proxyProtocol) ?? listen[0];
  if (listener === undefined) throw new Error('A node without listeners has passed validation');
  const host = isAnyAddress(listener.host) ? '127.0.0.1' : listener.host;
  const scheme = listener.tls === undefined ? 'http' : 'https';
  return `${scheme}://${hostOf({ host, port: listener.port })}`;
}

function hostOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
