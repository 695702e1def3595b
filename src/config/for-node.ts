/**
 * A network as one of its nodes may know it: only an origin talks to upstreams and to stores, so only an
 * origin holds their credentials.
 */
import type { Network, RouteConfig } from './network.ts';

export function forNode(network: Network, name: string): Network {
  if (network.nodes[name]?.role === 'origin') return network;
  const nodes = Object.entries(network.nodes).map(([other, { store: _, ...node }]) => [other, node] as const);
  return { ...network, nodes: Object.fromEntries(nodes), routes: network.routes.map(withoutCredentials) };
}

function withoutCredentials(route: RouteConfig): RouteConfig {
  switch (route.protocol) {
    case 'npm': {
      const upstreams = route.npm.upstreams.map(({ authorization: _, ...upstream }) => upstream);
      return { ...route, npm: { ...route.npm, upstreams } };
    }
    case 'web': {
      const { authorization: _, ...web } = route.web;
      return { ...route, web };
    }
  }
}
