/**
 * What a config makes of a node: its routes with their protocols, its parents, whom it believes. Built as a
 * whole before any of it is used, so that a reload replaces all of it at once.
 */
import type { ApiServices } from '../access/api/endpoint.ts';
import type { Fleet } from '../access/api/fleet-state.ts';
import type { Cache } from '../cache/cache.ts';
import type { Clock } from '../clock.ts';
import { settingsOf } from '../config/ecosystem-settings.ts';
import type { Network, NodeConfig, RouteConfig } from '../config/network.ts';
import { npmSetting } from '../config/npm-setting.ts';
import type { Knowledge } from '../exchange.ts';
import { type TrustedProxies, trustedProxies } from '../http/forwarded.ts';
import type { ShownRoute } from '../messages/route.ts';
import type { Parent } from '../parent.ts';
import type { Lists } from '../prefetch/lists.ts';
import type { Change, Mount, OriginDoor, Protocol } from '../protocol.ts';
import { npm } from '../protocols/npm/npm.ts';
import { oci } from '../protocols/oci/oci.ts';
import { web } from '../protocols/web/web.ts';
import type { Remotes } from '../remotes/remotes.ts';
import type { Stores } from '../store.ts';
import type { Log } from '../telemetry/log.ts';
import type { WorkMeter } from '../telemetry/metrics/work.ts';
import { aheadRouteOf } from './ahead-route.ts';
import type { Audience } from './audience.ts';
import { guidesOf } from './client-guides.ts';
import { packagesOf } from './ecosystems.ts';
import { encoding } from './encode.ts';
import type { Node, Site } from './node.ts';
import { readFor } from './own-read.ts';
import { packagesDesk } from './packages-desk.ts';
import { policiesOf } from './policies.ts';
import { type Puller, pullFrom, type RemoteMeter } from './pull.ts';
import type { Records } from './records.ts';
import type { Replicas } from './replicas.ts';
import { hostMatches, type Route, routes } from './routes.ts';
import { type Rum, rumRouteOf } from './rum.ts';
import { serversOf } from './servers.ts';
import { systemRouteOf } from './system.ts';
import { openTierTls } from './tier-tls.ts';
import { type TierParent, tiers } from './tiers.ts';

export interface SiteDependencies {
  readonly cache: Cache;
  readonly replicas: Replicas;
  readonly remotes: Remotes;
  readonly work: RemoteMeter & Pick<WorkMeter, 'packed'>;
  /** Takes note of how clients ask: at PoPs. */
  readonly audience: Audience;
  /** Real timings: at PoPs of a network that takes them. */
  readonly rum: Rum;
  readonly records: Records | null;
  /** What all nodes do: at origins. */
  readonly fleet: Fleet | null;
  readonly desks: Pick<ApiServices, 'explainer' | 'purges' | 'replication' | 'prefetch'> | null;
  readonly clock: Clock;
  readonly log: Log;
  /** How far this node has followed the purges on the bus. */
  readonly knows: () => Knowledge;
  /** When the node was started, by `Clock.elapsed()`. */
  readonly startedMs: number;
  /** Takes note of what has changed at a remote. */
  readonly report: (change: Change) => void;
  /** Purges what has changed here; resolves when the nodes know. */
  readonly purge: OriginDoor['purge'];
  /** What is kept here for good; `null` for nothing. */
  readonly stores: Stores | null;
  /** What nodes shall have before anybody asks for it: at origins. */
  readonly prefetchLists: Lists | null;
}

export async function makeSite(
  network: Network,
  config: NodeConfig,
  dependencies: SiteDependencies,
): Promise<Site> {
  const { cache, replicas, remotes, work, clock, log, knows, startedMs, report, purge, stores } =
    dependencies;
  const { records, fleet, desks, prefetchLists } = dependencies;
  const { name, role, timeouts, failover } = config;
  const pullers = new Map<Route, Puller>();
  const all: Route[] = [];
  const services =
    records &&
    fleet &&
    desks &&
    servicesOf(records, fleet, {
      ...desks,
      routes: network.routes.map(shownRoute),
      policyOf: policiesOf(pullers, clock),
      packages: packagesDesk({ pullers, cache, stores, fleet, clock }),
      clients: guidesOf({ network, protocolOf: (name) => protocolIn(all, name) }),
    });
  const system = systemRouteOf(services);
  all.push(system, aheadRouteOf(pullers, clock));
  if (role === 'pop' && network.rum) all.push(rumRouteOf(network, network.rum, dependencies.rum));
  // Some ask a client of this machine where it pulls from.
  all.push(...(await Promise.all(network.routes.map((route) => makeRoute(route, config, clock)))));
  const cdnId = `${name}.${network.name}.meridian`;
  const parents = config.parents.map((parent) => placeOf(network, parent));
  const siblings = config.peers.map(({ peer, forS }) => ({
    ...placeOf(network, peer),
    untilMs: startedMs + (forS ?? Infinity) * 1000,
  }));
  const { secret } = network;
  const asked = role === 'origin' ? await serversOf(network.routes) : new Set<string>();
  const tls = await openTierTls(config, { clock, log }).catch((error) => {
    for (const route of all) route.protocol.close?.();
    throw error;
  });
  const upper = tiers({
    ...{ node: name, cdnId, secret, parents, siblings },
    ...{ failover, timeouts, clock, tls, knows, log, work, packs: config.packs },
    foresees: role === 'shield' || (role === 'pop' && config.predict !== false),
  });
  const { connections, pending: waiting } = config.remotes;
  const pulling = {
    node: name,
    cdnId,
    cache,
    timeouts,
    clock,
    remotes,
    work,
    bounds: { connections, waiting },
    ...{ report, purge, stores, identify: records?.register.identify ?? null },
    mayTrace: (authority: string) => hostMatches(config.telemetry.traces.remotes, authority),
    accounts: records?.accounts ?? null,
  };
  const parentFor = (route: Route) => {
    const given = network.routes.find((each) => each.name === route.name);
    if (role === 'origin') {
      const puller = pullFrom(route.protocol, { ...pulling, offline: given?.offline ?? false });
      pullers.set(route, puller);
      return puller.parent;
    }
    const direct = upper.parent(route);
    const parent = given ? replicas.before(direct, given, config, network) : direct;
    return role === 'pop' ? noting(encoding(rewriting(parent, route.protocol), clock), route) : parent;
  };
  /** What is made for clients, once it is not here. Nobody is behind what a node asks for itself. */
  const noting = (parent: Parent, { name }: Route): Parent => {
    return (ask) => {
      const { named, exchange } = ask;
      if (named.as === 'resource' && (named.rendered || named.compress) && exchange.client() !== '')
        dependencies.audience.saw(name, named.kind, exchange);
      return parent(ask);
    };
  };
  const parentOf = new Map(all.map((route) => [route, parentFor(route)]));

  return {
    config,
    secret: network.secret,
    routes: routes(all),
    system,
    services,
    parentOf(route) {
      const parent = parentOf.get(route);
      if (!parent) throw new Error(`route ${route.name} is not of this site`);
      return parent;
    },
    readOf(route) {
      const puller = pullers.get(route);
      return puller === undefined ? null : readFor(route, puller, clock);
    },
    trustedProxies: proxiesOf(config),
    cdnId,
    isSibling: Object.values(network.nodes).some(({ peers }) => peers.some(({ peer }) => peer === name)),
    way: upper.way,
    parentStatus: upper.status,
    servers: new Map(
      [...asked].map((server) => [
        server,
        { pausedMs: () => remotes.pausedMs(server), quota: () => remotes.quota(server) },
      ]),
    ),
    tellKept: upper.tellKept,
    tls,
    begin() {
      if (prefetchLists === null) return;
      const warn = (message: string, fields: Record<string, unknown>) => log.warn(message, fields);
      for (const [route, puller] of pullers) {
        const read = readFor(route, puller, clock);
        route.protocol.begin?.({ stores, purge, warn, prefetch: prefetchLists.of(route.name), read });
      }
    },
    close() {
      upper.close();
      tls.close();
      for (const route of all) route.protocol.close?.();
    },
  };
}

type Desks = Pick<
  ApiServices,
  'routes' | 'policyOf' | 'packages' | 'clients' | 'explainer' | 'purges' | 'replication' | 'prefetch'
>;

function servicesOf(records: Records, fleet: Fleet, desks: Desks): ApiServices {
  return {
    register: records.register,
    works: records.works,
    accounts: records.accounts,
    storage: records.storage,
    fleet,
    // Another one after a reload.
    get exchange() {
      return records.exchange;
    },
    ...desks,
  };
}

function shownRoute(route: RouteConfig): ShownRoute {
  const { name, protocol, access, match } = route;
  const hasPolicy = policyOf(route) !== undefined;
  return { name, protocol, path: match.path, hosts: match.hosts, access, hasPolicy };
}

function policyOf(route: RouteConfig): object | undefined {
  switch (route.protocol) {
    case 'npm':
      return route.npm.policy;
    case 'oci':
      return route.oci.policy;
    case 'web':
      return undefined;
    default:
      return settingsOf(route.protocol, route).policy;
  }
}

function protocolIn(all: readonly Route[], name: string): Protocol | null {
  return all.find((route) => route.name === name)?.protocol ?? null;
}

/** A PoP's parent: the network's canonical answer becomes the one for the client's own address. */
function rewriting(parent: Parent, protocol: Protocol): Parent {
  if (!protocol.rewrite) return parent;
  return async (ask) => {
    const answer = await parent(ask);
    const { named, exchange } = ask;
    if (named.as !== 'resource') return answer;
    if (answer.status === 304) return protocol.confirm?.(named, answer) ?? answer;
    if (answer.status !== 200) return answer;
    return protocol.rewrite?.(named, answer, exchange) ?? answer;
  };
}

async function makeRoute(route: RouteConfig, { role }: NodeConfig, clock: Clock): Promise<Route> {
  const { name, match } = route;
  const mount: Mount = { route: name, prefix: match.path, role };
  return { name, hosts: match.hosts, prefix: match.path, protocol: await makeProtocol(route, mount, clock) };
}

async function makeProtocol(route: RouteConfig, mount: Mount, clock: Clock): Promise<Protocol> {
  switch (route.protocol) {
    case 'npm': {
      const { upstreams, hosted = null, mirror, metadata, maxPackumentBytes } = route.npm;
      const policy = mount.role === 'origin' ? (route.npm.policy ?? null) : null;
      // Only the origin talks to remotes, so only the origin needs to know which they are.
      const isDefault = upstreams === undefined && mount.role === 'origin';
      const remotes = isDefault ? [{ url: await npmSetting(), scopes: [] }] : (upstreams ?? []);
      return npm({ remotes, hosted, mirror, policy, metadata, maxPackumentBytes }, mount, clock);
    }
    case 'oci': {
      const { mirrors = null, hosted = null } = route.oci;
      const policy = mount.role === 'origin' ? route.oci.policy : null;
      return oci({ ...route.oci, mirrors, hosted, policy }, mount, clock);
    }
    case 'web':
      return web(route.web, mount);
    default: {
      const { protocol } = route;
      const placed = { ...mount, isOpen: route.access === 'open' };
      return packagesOf(protocol, settingsOf(protocol, route), placed, clock);
    }
  }
}

function proxiesOf({ trustedProxies: blocks, forwardingField }: NodeConfig): TrustedProxies | null {
  return blocks.length > 0 ? trustedProxies(blocks, forwardingField) : null;
}

function placeOf(network: Network, node: string): TierParent {
  const found = network.nodes[node];
  if (found === undefined) throw new Error(`the network has no node "${node}"`);
  const { role, url, http2 } = found;
  return { name: node, role, url, http2 };
}

/** Of a store, its bounds may change. */
function enginesOf({ store }: NodeConfig): unknown {
  const { quotaBytes: _, minFreeBytes: __, uploads: ___, ...engines } = store ?? {};
  return engines;
}

/** The part of a site that a reload may not change, because what is open already depends on it. */
export function fixedDifference(node: Node, next: NodeConfig): string | null {
  const now = node.site.config;
  if (now.role !== next.role) return `its role (${now.role} to ${next.role})`;
  if (now.dataDir !== next.dataDir) return `its data folder (${now.dataDir} to ${next.dataDir})`;
  if (now.workers !== next.workers) return `how many workers it has (${now.workers} to ${next.workers})`;
  if (now.metrics !== next.metrics) return 'whether it counts requests';
  if (!Bun.deepEquals(now.ring, next.ring)) return 'its ring';
  if (!Bun.deepEquals(enginesOf(now), enginesOf(next))) return 'its store';
  if ((now.disk === false) !== (next.disk === false)) return 'whether it has a disk cache';
  return null;
}
