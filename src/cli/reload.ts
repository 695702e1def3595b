/**
 * `meridian reload`: running nodes take over the changed config, each as a whole or not at all.
 */
import { systemClock } from '../clock.ts';
import { type Found, findNode } from '../control/find.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { chosenNodes, loadOrExplain } from './load.ts';
import { jsonOption, loadOptions, networkOptions } from './settings.ts';

const options = {
  ...networkOptions,
  node: { type: 'string', array: true, requiresArg: true, describe: 'Only this node; may be repeated' },
  ...jsonOption,
} as const;

interface Result {
  readonly node: string;
  readonly reloaded: boolean;
  /** Why not. */
  readonly reasons: readonly string[];
}

export default command(options, async (values) => {
  // A mistake is found here first, and then no node is bothered.
  const loaded = await loadOrExplain({ ...loadOptions(values), here: [], dryRun: true });
  if (loaded === undefined) return exit.failure;
  const { network } = loaded;
  const results: Result[] = [];
  for (const name of chosenNodes(network, values.node)) {
    const node = network.nodes[name];
    if (node === undefined) continue;
    const found = await findNode(network, node, systemClock);
    if (found.state === 'elsewhere' && values.node === undefined) continue;
    results.push(await reload(name, found));
  }
  if (results.length === 0) throw new Error('no node of this network runs on this machine');
  if (values.json) console.log(JSON.stringify(results, null, 2));
  else for (const result of results) print(result);
  return results.every(({ reloaded }) => reloaded) ? exit.ok : exit.failure;
});

async function reload(node: string, found: Found): Promise<Result> {
  if (found.state === 'elsewhere')
    return { node, reloaded: false, reasons: ['has never run on this machine'] };
  if (found.state === 'down') return { node, reloaded: false, reasons: [found.reason] };
  const { reasons } = await found.control.reload();
  return { node, reloaded: reasons.length === 0, reasons };
}

function print({ node, reloaded, reasons }: Result): void {
  if (reloaded) console.log(`${node}: the new config is in force`);
  else console.error(`${node}: not reloaded\n${reasons.map((reason) => `  ${reason}`).join('\n')}`);
}
