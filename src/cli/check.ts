/**
 * `meridian check`: what is wrong with the config, or what it comes to.
 */
import { defaultUpstreams } from '../config/default-upstreams.ts';
import { settingsOf } from '../config/ecosystem-settings.ts';
import type { Network, NodeConfig, RouteConfig } from '../config/network.ts';
import { redact } from '../config/redact.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { chosenNodes, explain, loadChecked } from './load.ts';
import { jsonOption, loadOptions, networkOptions } from './settings.ts';
import { table } from './table.ts';
import { workersOf } from './worker-count.ts';

const options = {
  ...networkOptions,
  node: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'Checks files and variables of this node only, as on its own machine; may be repeated',
  },
  ...jsonOption,
} as const;

export default command(options, async (values) => {
  const here = values.node === undefined ? {} : { here: values.node };
  const loaded = await loadChecked({ ...loadOptions(values), ...here, dryRun: true });
  const source = loaded.source ?? 'the embedded network';
  if (!loaded.ok) {
    if (values.json) console.log(JSON.stringify({ ok: false, source, mistakes: loaded.mistakes }, null, 2));
    else console.error(explain(loaded.mistakes, source));
    return exit.failure;
  }
  const { network } = loaded;
  chosenNodes(network, values.node);
  if (values.json) console.log(JSON.stringify({ ok: true, source, network: redact(network) }, null, 2));
  else console.log(`${source}: no mistakes\n\n${nodesTable(network)}\n${routesTable(network)}`.trimEnd());
  return exit.ok;
});

function nodesTable({ nodes }: Network): string {
  const rows = Object.values(nodes).map((node) => {
    const { name, role, listen, parents, dataDir } = node;
    const addresses = listen.map(
      ({ host, port, tls }) => `${tls === undefined ? 'http' : 'https'}://${bracket(host)}:${port}`,
    );
    return [name, role, addresses.join(' '), parents.join(', ') || '-', workersCell(node), dataDir];
  });
  return table(['node', 'role', 'listens on', 'parents', 'workers', 'data'], rows);
}

/** How many cores there are is this machine's affair, and the node may run on another one. */
function workersCell(node: NodeConfig): string {
  return node.workers === 'auto' ? `${workersOf(node)} (a core each, here)` : String(node.workers);
}

function bracket(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function routesTable({ routes }: Network): string {
  const rows = routes.map((route) => {
    const hosts = route.match.hosts.length === 0 ? 'any host' : route.match.hosts.join(', ');
    return [route.name, route.protocol, hosts, route.match.path || '/', upstreamsOf(route)];
  });
  return table(['route', 'protocol', 'hosts', 'path', 'upstreams'], rows);
}

function upstreamsOf(route: RouteConfig): string {
  return route.offline ? `none is asked (offline): ${known(route)}` : known(route);
}

function known(route: RouteConfig): string {
  switch (route.protocol) {
    case 'npm':
      if (route.npm.upstreams === undefined) return "this machine's npm setting";
      return route.npm.upstreams.map(({ url }) => url).join(', ') || 'none';
    case 'oci':
      return route.oci.sources.map(({ name, url }) => `${name} (${url})`).join(', ') || 'none';
    case 'web':
      return route.web.upstream;
    default: {
      const { upstreams } = settingsOf(route.protocol, route);
      if (upstreams === undefined) return defaultUpstreams[route.protocol].inWords;
      return upstreams.map(({ url }) => url).join(', ') || 'none';
    }
  }
}
