/**
 * `meridian explain`: what would become of a request at each tier that runs on this machine, and why, without sending it.
 */
import { systemClock } from '../clock.ts';
import type { Network } from '../config/network.ts';
import { findNode } from '../control/find.ts';
import type { ExplainMessage } from '../control/messages.ts';
import type { ExplainRequest } from '../messages/explanation.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { explanationText } from './explain/text.ts';
import { chosenNodes, loadOrExplain } from './load.ts';
import { jsonOption, loadOptions, networkOptions } from './settings.ts';
import { fieldsOf } from './trace/fields.ts';

const options = {
  url: { type: 'string', demandOption: true, describe: 'What a client would ask for' },
  method: { type: 'string', requiresArg: true, describe: 'The method (default: GET)' },
  header: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: "A field of the request, as in 'Accept: text/html'; may be repeated",
  },
  node: {
    type: 'string',
    requiresArg: true,
    describe: 'The PoP to begin with (default: the one that the URL names, or the first that runs here)',
  },
  ...networkOptions,
  ...jsonOption,
} as const;

export default command(options, async (values) => {
  const { url, method = 'GET', header = [], json = false } = values;
  if (!URL.canParse(url) || !/^https?:\/\//.test(url))
    throw new UsageError(`explain takes a URL that begins with http:// or https://, not ${url}`);
  const loaded = await loadOrExplain({ ...loadOptions(values), here: [], dryRun: true });
  if (loaded === undefined) return exit.failure;
  const { network } = loaded;
  const given = new URL(url);
  const question: ExplainRequest = {
    method: method.toUpperCase(),
    base: given.origin,
    target: given.pathname + given.search,
    fields: [...fieldsOf(header)],
    tier: null,
  };
  const first = await firstOf(network, given, values.node);
  const tiers = await explained(network, first, question);
  if (json) console.log(JSON.stringify({ url, method: question.method, tiers }, null, 2));
  else process.stdout.write(explanationText(tiers));
  return exit.ok;
});

async function firstOf(network: Network, { host }: URL, named: string | undefined): Promise<string> {
  if (named !== undefined) return chosenNodes(network, [named])[0] ?? named;
  const pops = Object.values(network.nodes).filter(({ role }) => role === 'pop');
  const states = await Promise.all(
    pops.map(async (node) => ({ node, found: await findNode(network, node, systemClock) })),
  );
  const up = states.filter(({ found }) => found.state === 'up');
  const meant = up.find(
    ({ found }) => found.state === 'up' && found.status.urls.some((at) => new URL(at).host === host),
  );
  const chosen = meant ?? up[0];
  if (chosen === undefined) throw new Error('no PoP of this network runs on this machine');
  return chosen.node.name;
}

/** From tier to tier, by whom each would ask first, as far as they run on this machine. */
async function explained(
  network: Network,
  first: string,
  question: ExplainRequest,
): Promise<ExplainMessage[]> {
  const tiers: ExplainMessage[] = [];
  let at: string | undefined = first;
  let asked = question;
  while (at !== undefined && tiers.length < mostTiers) {
    const node = network.nodes[at];
    const found = node && (await findNode(network, node, systemClock));
    if (found?.state !== 'up') {
      if (tiers.length > 0) return tiers;
      throw new Error(`${at} does not run on this machine`);
    }
    const said: ExplainMessage = await found.control.explain(asked);
    tiers.push(said);
    const asks = said.find((worker) => worker.asks !== null)?.asks;
    // What one worker has, the others get from it.
    const isHere = said.some(({ would }) => would === 'hit' || would === 'stale');
    at = isHere ? undefined : asks?.parents.find(({ isUp }) => isUp)?.name;
    asked = asks?.question ?? asked;
  }
  return tiers;
}

const mostTiers = 8;
