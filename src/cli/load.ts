/**
 * Loads the network that a command is about, or tells the person what is wrong with it.
 */
import { type Loaded, type LoadOptions, loadNetwork } from '../config/load.ts';
import { formatMistake, type Mistake } from '../config/mistake.ts';
import type { Network } from '../config/network.ts';
import { suggest } from '../messages/suggest.ts';
import { UsageError } from './exit.ts';

export interface LoadedNetwork {
  readonly network: Network;
  /** What to call it in messages. */
  readonly source: string;
}

/** With what protocols alone can say of their routes; they are read only where there may be something to say. */
export async function loadChecked(options: LoadOptions): Promise<Loaded> {
  const loaded = await loadNetwork(options);
  // Whoever only asks nodes finds those that run, whatever the config says of packages by now.
  if (!loaded.ok || options.here?.length === 0) return loaded;
  const { routeMistakes } = await import('../node/route-mistakes.ts');
  const mistakes = routeMistakes(loaded.network);
  return mistakes.length === 0 ? loaded : { ok: false, mistakes, source: loaded.source };
}

/** `undefined` after having said what is wrong. */
export async function loadOrExplain(options: LoadOptions): Promise<LoadedNetwork | undefined> {
  const loaded = await loadChecked(options);
  const source = loaded.source ?? 'the embedded network';
  if (loaded.ok) return { network: loaded.network, source };
  console.error(explain(loaded.mistakes, source));
  return undefined;
}

export function explain(mistakes: readonly Mistake[], source: string): string {
  const lines = mistakes.map((mistake) => `  ${formatMistake(mistake)}`);
  return `${source}: ${mistakes.length === 1 ? 'one mistake' : `${mistakes.length} mistakes`}\n${lines.join('\n')}`;
}

/** The nodes that the command line names, or all of them. Fails with a `UsageError`. */
export function chosenNodes(network: Network, given: readonly string[] | undefined): string[] {
  const known = Object.keys(network.nodes);
  for (const name of given ?? []) {
    if (known.includes(name)) continue;
    const { hint = `There are: ${known.join(', ')}.` } = suggest(name, known);
    throw new UsageError(`The network has no node ${name}. ${hint}`);
  }
  return given === undefined || given.length === 0 ? known : known.filter((name) => given.includes(name));
}
