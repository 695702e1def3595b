/**
 * A network as one of its nodes may know it: only an origin talks to upstreams and to stores, so only an origin holds
 * their credentials, and only who uses a key/value store holds its password.
 */

import { settingsOf } from './ecosystem-settings.ts';
import type { Network, NodeConfig, RouteConfig } from './network.ts';

export function forNode(network: Network, name: string): Network {
  const kv = storesOf(network, name);
  const known = Object.entries(network.nodes).map(
    ([other, node]) => [other, other === name ? node : withoutCollector(node)] as const,
  );
  if (network.nodes[name]?.role === 'origin') return { ...network, kv, nodes: Object.fromEntries(known) };
  const nodes = known.map(([other, { store: _, ...node }]) => [other, node] as const);
  const routes = network.routes.map(withoutCredentials);
  return { ...network, kv, nodes: Object.fromEntries(nodes), routes };
}

/** A node tells its own collector. */
function withoutCollector(node: NodeConfig): NodeConfig {
  return { ...node, telemetry: { ...node.telemetry, otlp: false } };
}

/** A node logs in to the stores that it uses, and to no other. */
function storesOf({ kv, nodes }: Network, name: string): Network['kv'] {
  const used = [nodes[name]?.near, nodes[name]?.sharedMemory?.store];
  return Object.fromEntries(Object.entries(kv).filter(([store]) => used.includes(store)));
}

function withoutCredentials(route: RouteConfig): RouteConfig {
  switch (route.protocol) {
    case 'npm': {
      const { upstreams, ...npm } = route.npm;
      if (upstreams === undefined) return route;
      const known = upstreams.map(({ authorization: _, ...upstream }) => upstream);
      return { ...route, npm: { ...npm, upstreams: known } };
    }
    case 'oci': {
      const sources = route.oci.sources.map(({ username: _, password: __, ...source }) => source);
      return { ...route, oci: { ...route.oci, sources } };
    }
    case 'web': {
      const { authorization: _, ...web } = route.web;
      return { ...route, web };
    }
    default: {
      const { upstreams, ...settings } = settingsOf(route.protocol, route);
      if (upstreams === undefined) return route;
      const known = upstreams.map(({ authorization: _, ...upstream }) => upstream);
      return { ...route, [route.protocol]: { ...settings, upstreams: known } };
    }
  }
}
