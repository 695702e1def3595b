/**
 * `meridian purge`: running nodes forget what they keep, or take it for stale. From the origin to the clients' side, so
 * that no node fills itself again from one that has not heard of it yet.
 */
import type { InferredOptionTypes } from 'yargs';
import { systemClock } from '../clock.ts';
import type { Network } from '../config/network.ts';
import { suggest } from '../config/suggest.ts';
import { type Found, findNode } from '../control/find.ts';
import type { PurgeMessage, PurgeRequest } from '../control/messages.ts';
import type { Role } from '../protocol.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { chosenNodes, loadOrExplain } from './load.ts';
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
  tag: { ...several, requiresArg: true, describe: 'What bears this tag (Cache-Tag, Surrogate-Key)' },
  route: { ...several, requiresArg: true, describe: 'Everything of this route' },
  all: { type: 'boolean', describe: 'Everything' },
} as const;

const options = {
  ...selecting,
  soft: { type: 'boolean', describe: 'Takes it for stale instead of forgetting it' },
  node: { ...several, requiresArg: true, describe: 'Only this node; may be repeated' },
  ...networkOptions,
  ...jsonOption,
} as const;

interface Result {
  readonly node: string;
  readonly message: PurgeMessage;
  /** It has a disk, and yet only its memory knows of the purge. */
  readonly isOnlyInMemory: boolean;
}

const order: readonly Role[] = ['origin', 'shield', 'pop'];

export default command(options, async (values) => {
  const targets = targetsOf(values);
  if (targets.length === 0)
    throw new UsageError('What to purge? Give a URL, --key, --prefix, --glob, --tag, --route or --all');
  const loaded = await loadOrExplain({ ...loadOptions(values), here: [], dryRun: true });
  if (loaded === undefined) return exit.failure;
  const { network } = loaded;
  requireRoutes(network, values.route ?? []);
  const results: Result[] = [];
  const elsewhere: string[] = [];
  for (const name of inOrder(network, chosenNodes(network, values.node))) {
    const node = network.nodes[name];
    if (node === undefined) continue;
    const found = await findNode(network, node, systemClock);
    if (found.state === 'elsewhere' && values.node === undefined) elsewhere.push(name);
    else results.push(await purge(name, found, { targets, soft: values.soft ?? false }));
  }
  if (results.length === 0) throw new Error('no node of this network runs on this machine');
  if (values.json) console.log(JSON.stringify(results.map(toJson), null, 2));
  else for (const result of results) print(result, values.soft ?? false);
  if (elsewhere.length > 0)
    console.error(`Not on this machine, so not purged: ${elsewhere.join(', ')}. Run the same command there.`);
  return results.every(({ message }) => 'purged' in message) ? exit.ok : exit.failure;
});

function targetsOf(values: InferredOptionTypes<typeof selecting>): PurgeRequest['targets'] {
  const { url = [], key = [], prefix = [], glob = [], tag = [], route = [] } = values;
  return [
    ...url.map((each) => ({ by: 'url' as const, url: each })),
    ...key.map((each) => ({ by: 'key' as const, key: each })),
    ...prefix.map((each) => ({ by: 'prefix' as const, prefix: each })),
    ...glob.map((each) => ({ by: 'glob' as const, glob: each })),
    ...tag.map((each) => ({ by: 'tag' as const, tag: each })),
    ...route.map((each) => ({ by: 'route' as const, route: each })),
    ...(values.all ? [{ by: 'all' as const }] : []),
  ];
}

function requireRoutes({ routes }: Network, wanted: readonly string[]): void {
  const known = routes.map(({ name }) => name);
  for (const name of wanted) {
    if (known.includes(name)) continue;
    const { hint = `There are: ${known.join(', ')}.` } = suggest(name, known);
    throw new UsageError(`The network has no route ${name}. ${hint}`);
  }
}

function inOrder({ nodes }: Network, names: readonly string[]): string[] {
  return order.flatMap((role) => names.filter((name) => nodes[name]?.role === role));
}

async function purge(node: string, found: Found, request: PurgeRequest): Promise<Result> {
  const not = (reason: string) => ({ node, message: { reasons: [reason] }, isOnlyInMemory: false });
  if (found.state === 'elsewhere') return not('has never run on this machine');
  if (found.state === 'down') return not(`${found.reason}; what it has on disk is as it was`);
  try {
    const message = await found.control.purge(request);
    const isLost = 'purged' in message && message.purged.some(({ recorded }) => recorded === 'memory');
    return { node, message, isOnlyInMemory: isLost && found.status.disk !== null };
  } catch (error) {
    return not(error instanceof Error ? error.message : String(error));
  }
}

function toJson({ node, message }: Result): unknown {
  return { node, ...message };
}

function print({ node, message, isOnlyInMemory }: Result, soft: boolean): void {
  if ('reasons' in message) {
    console.error(`${node}: not purged\n${message.reasons.map((reason) => `  ${reason}`).join('\n')}`);
    return;
  }
  const selectors = message.purged.map(({ selector }) => Object.values(selector).join(' '));
  console.log(`${node}: ${soft ? 'stale' : 'purged'}: ${selectors.join(', ')}`);
  if (isOnlyInMemory)
    console.error(`${node}: its disk is out of use; purge again if it is restarted before it has recovered`);
}
