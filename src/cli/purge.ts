/**
 * `meridian purge`: the whole network forgets what it keeps, or takes it for stale. Any node of this machine writes it
 * to the bus, from which every node reads it, wherever it runs; with `--server`, a PoP anywhere has the origin do so. With
 * `--node`, those nodes alone purge.
 */
import type { InferredOptionTypes } from 'yargs';
import { systemClock } from '../clock.ts';
import type { Network } from '../config/network.ts';
import { type Found, findNode } from '../control/find.ts';
import type { PurgeQuestion } from '../control/messages.ts';
import { suggest } from '../messages/suggest.ts';
import type { Role } from '../protocol.ts';
import { serverAsker, serverOptions } from './access/ask.ts';
import { command } from './command.ts';
import { type ExitCode, exit, UsageError } from './exit.ts';
import { chosenNodes, loadOrExplain } from './load.ts';
import { purgeRemotely } from './purge-remote.ts';
import { inBatches, named, type PurgeResult, printResults, resultsToJson } from './purge-result.ts';
import { jsonOption, loadOptions, networkOptions } from './settings.ts';

const several = { type: 'string', array: true } as const;

const selecting = {
  url: {
    ...several,
    describe: 'What is kept of this URL, as clients use it; * stands for any text on web routes',
  },
  key: { ...several, requiresArg: true, describe: 'A cache key with all that is kept under it' },
  prefix: { ...several, requiresArg: true, describe: 'Cache keys that begin with this text' },
  glob: { ...several, requiresArg: true, describe: 'Cache keys that match this text; * stands for any text' },
  tag: { ...several, requiresArg: true, describe: 'What bears this tag; * stands for any text' },
  route: { ...several, requiresArg: true, describe: 'Everything of this route' },
  group: {
    ...several,
    requiresArg: true,
    describe: "'ROUTE GROUP': what of the route named this group in Cache-Groups",
  },
  all: { type: 'boolean', describe: 'Everything' },
  from: {
    type: 'string',
    requiresArg: true,
    describe: 'A file with a URL, or an option from above and its value, on each line; - for standard input',
  },
} as const;

const options = {
  ...selecting,
  soft: { type: 'boolean', describe: 'Takes it for stale instead of forgetting it' },
  wait: { type: 'boolean', describe: 'Waits until every node that lives has carried it out' },
  timeout: {
    type: 'number',
    requiresArg: true,
    describe: 'Waits no longer than this, in seconds (default: 10)',
  },
  node: {
    ...several,
    requiresArg: true,
    describe: 'At this node alone, not by way of the bus; may be repeated',
  },
  ...serverOptions,
  ...networkOptions,
  ...jsonOption,
} as const;

type Target = PurgeQuestion['targets'][number];

const order: readonly Role[] = ['origin', 'shield', 'pop'];
const maxTimeoutS = 60;

export default command(options, async (values) => {
  const targets = [...targetsOf(values), ...(await targetsFrom(values.from))];
  if (targets.length === 0)
    throw new UsageError(
      'What to purge? Give a URL, --key, --prefix, --glob, --tag, --route, --group, --all or --from',
    );
  const { timeout = 10, wait = false, soft = false } = values;
  if (!(timeout > 0 && timeout <= maxTimeoutS))
    throw new UsageError(`--timeout takes seconds, up to ${maxTimeoutS}`);
  if (wait && values.node) throw new UsageError('--wait is for the whole network, not for --node');
  const remote = serverAsker(values);
  if (remote) {
    if (values.node) throw new UsageError('--node is for nodes on this machine, not for --server');
    const within = wait ? timeout * 1000 : null;
    const results = await purgeRemotely(remote, inBatches(targets), soft, within);
    return shown(results, values.json, soft, []);
  }
  const loaded = await loadOrExplain({ ...loadOptions(values), here: [], dryRun: true });
  if (loaded === undefined) return exit.failure;
  const { network } = loaded;
  requireRoutes(network, targets);
  const chosen = inOrder(network, chosenNodes(network, values.node));
  const requests = inBatches(targets).map((batch) => ({
    targets: batch,
    soft,
    ...(values.node ? { here: true } : {}),
    ...(wait ? { waitMs: Math.round(timeout * 1000) } : {}),
  }));
  const results = values.node
    ? await purgeEach(network, chosen, requests)
    : await purgeByAny(network, chosen, requests);
  return shown(results, values.json, soft, Object.keys(network.nodes));
});

/** @param names of all nodes of the network, as far as they are known. */
function shown(
  results: readonly PurgeResult[],
  json: boolean | undefined,
  soft: boolean,
  names: readonly string[],
): ExitCode {
  if (json) console.log(JSON.stringify(resultsToJson(results), null, 2));
  else printResults(results, soft, names);
  return results.every(isDone) ? exit.ok : exit.failure;
}

function isDone({ message }: PurgeResult): boolean {
  return !('reasons' in message) && !('applied' in message && message.applied?.all === false);
}

function targetsOf(values: InferredOptionTypes<typeof selecting>): Target[] {
  const { url = [], key = [], prefix = [], glob = [], tag = [], route = [], group = [] } = values;
  const given = Object.entries({ url, key, prefix, glob, tag, route });
  return [
    ...given.flatMap(([by, each]) => each.map((value) => named(by, value))),
    ...group.map(groupOf),
    ...(values.all ? [{ by: 'all' as const }] : []),
  ];
}

/** `docs basket`: the route is what stands before the first space, as in keys. */
function groupOf(words: string): Target {
  const [, route, group] = /^(\S+) (.+)$/.exec(words) ?? [];
  if (route === undefined || group === undefined)
    throw new UsageError(`--group takes a route and a group, as in 'docs basket', not ${words}`);
  return { by: 'group', route, group };
}

/** `https://www.example.com/a`, or `--tag news`, one on each line; empty ones and those with # in front do not count. */
async function targetsFrom(file: string | undefined): Promise<Target[]> {
  if (file === undefined) return [];
  const text = await (file === '-' ? Bun.stdin : Bun.file(file)).text().catch((error: unknown) => {
    throw new UsageError(`--from ${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  });
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines.flatMap((line, at): Target[] => {
    if (line === '' || line.startsWith('#')) return [];
    const [, by, value] = /^--(key|prefix|glob|tag|route)[ =](.+)$/.exec(line) ?? [];
    const [, group] = /^--group[ =](.+)$/.exec(line) ?? [];
    if (group !== undefined) return [groupOf(group)];
    if (by !== undefined && value !== undefined) return [named(by, value)];
    if (line.startsWith('--')) throw new UsageError(`--from ${file}, line ${at + 1}: ${line} is no target`);
    return [named('url', line)];
  });
}

function requireRoutes({ routes }: Network, targets: readonly Target[]): void {
  const known = routes.map(({ name }) => name);
  for (const target of targets) {
    if ((target.by !== 'route' && target.by !== 'group') || known.includes(target.route)) continue;
    const { hint = `There are: ${known.join(', ')}.` } = suggest(target.route, known);
    throw new UsageError(`The network has no route ${target.route}. ${hint}`);
  }
}

function inOrder({ nodes }: Network, names: readonly string[]): string[] {
  return order.flatMap((role) => names.filter((name) => nodes[name]?.role === role));
}

async function find(network: Network, name: string): Promise<Found> {
  const node = network.nodes[name];
  if (node === undefined) throw new Error(`${name} is a name without a node`);
  return findNode(network, node, systemClock);
}

/** By way of the first node that runs here: the bus brings it to all others. */
async function purgeByAny(
  network: Network,
  names: readonly string[],
  requests: readonly PurgeQuestion[],
): Promise<PurgeResult[]> {
  for (const name of names) {
    const found = await find(network, name);
    if (found.state === 'up') return purge(name, found, requests);
  }
  throw new Error('no node of this network runs on this machine, so nothing was purged');
}

async function purgeEach(
  network: Network,
  names: readonly string[],
  requests: readonly PurgeQuestion[],
): Promise<PurgeResult[]> {
  const results: PurgeResult[] = [];
  for (const name of names) results.push(...(await purge(name, await find(network, name), requests)));
  return results;
}

/** One request after another, until one of them is refused. */
async function purge(node: string, found: Found, requests: readonly PurgeQuestion[]): Promise<PurgeResult[]> {
  const not = (reason: string): PurgeResult => {
    return { node, message: { reasons: [reason], because: 'targets' }, isOnlyInMemory: false };
  };
  if (found.state === 'elsewhere') return [not('has never run on this machine')];
  if (found.state === 'down') return [not(`${found.reason}; what it has on disk is as it was`)];
  const results: PurgeResult[] = [];
  for (const request of requests) {
    try {
      const message = await found.control.purge(request);
      const isLost = 'purged' in message && message.purged.some(({ recorded }) => recorded === 'memory');
      results.push({ node, message, isOnlyInMemory: isLost && found.status.disk !== null });
      if ('reasons' in message) break;
    } catch (error) {
      results.push(not(error instanceof Error ? error.message : String(error)));
      break;
    }
  }
  return results;
}
