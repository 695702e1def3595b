/**
 * What `up` says when the network runs: where everything is, the web console, and commands to try.
 */
import { isAnyAddress } from '../config/forms.ts';
import type { Network, NodeConfig, RouteConfig } from '../config/network.ts';
import { table } from './table.ts';

export function welcome(network: Network, urls: ReadonlyMap<string, readonly string[]>): string {
  const nodes = [...urls].map(([name, addresses]) => [
    name,
    network.nodes[name]?.role ?? '',
    addresses.join(' '),
  ]);
  const commands = toTry(network, [...urls.keys()]);
  const seen = consoleUrl(network, [...urls.keys()]);
  const web = seen === undefined ? '' : `\nWeb console: ${seen}\n`;
  return `\n${table(['node', 'role', 'address'], nodes)}${web}\nTry:\n${commands.map((line) => `  ${line}`).join('\n')}\n\n`;
}

/** Of the first node here that has one at a known port. */
function consoleUrl(network: Network, running: readonly string[]): string | undefined {
  for (const name of running) {
    const admin = network.nodes[name]?.admin;
    if (admin === undefined || admin.port === 0) continue;
    const host = isAnyAddress(admin.host) ? '127.0.0.1' : admin.host;
    return `http://${host.includes(':') ? `[${host}]` : host}:${admin.port}/`;
  }
  return undefined;
}

function toTry(network: Network, running: readonly string[]): string[] {
  const nearest = nearestNode(network, running);
  const route = network.routes.find(({ protocol }) => protocol === 'npm') ?? network.routes[0];
  if (nearest === undefined || route === undefined) return ['npx meridian status'];
  const images = network.routes.find(({ protocol }) => protocol === 'oci');
  const base = baseUrl(nearest, route);
  const curl = `curl -sS -o /dev/null -D - ${base}${route.protocol === 'npm' ? 'lodash' : ''}`;
  const install = route.protocol === 'npm' ? [`npm install --registry ${base} lodash`] : [];
  const pull = images === undefined ? [] : pullFrom(nearest, images);
  return [...install, `${curl}   # see Cache-Status`, ...pull, 'npx meridian status'];
}

/** Clients of containers ask for `/v2` at the root of a host alone. */
function pullFrom(node: NodeConfig, route: RouteConfig): string[] {
  if (route.protocol !== 'oci' || route.match.path !== '/v2') return [];
  const [source] = route.oci.sources;
  if (source?.name !== 'docker.io') return [];
  return [`docker pull ${new URL(baseUrl(node, route)).host}/docker.io/library/alpine`];
}

/** The first PoP; where there is none here, what comes closest. */
function nearestNode(network: Network, running: readonly string[]): NodeConfig | undefined {
  const nodes = running.flatMap((name) => network.nodes[name] ?? []);
  return nodes.find(({ role }) => role === 'pop') ?? nodes.find(({ role }) => role === 'shield') ?? nodes[0];
}

/** With a slash at its end. The route's own host, where it has one that can be asked for. */
function baseUrl(node: NodeConfig, { match }: RouteConfig): string {
  const host = match.hosts.find((pattern) => !pattern.startsWith('*'));
  const url = new URL(node.url);
  if (host !== undefined) url.hostname = host;
  return `${url.href.replace(/\/$/, '')}${match.path}/`;
}
