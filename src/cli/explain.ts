/**
 * `meridian explain`: what would become of a request at each node of the network, and why, without sending it. An origin asks
 * them all; where none can be reached, the nodes of this machine are asked one after another.
 */
import { systemClock } from '../clock.ts';
import type { Network } from '../config/network.ts';
import { findNode } from '../control/find.ts';
import type { ExplainMessage } from '../control/messages.ts';
import { type ExplainedNode, type ExplainRequest, networkExplanation } from '../messages/explanation.ts';
import { originHere, serverAsker, serverOptions } from './access/ask.ts';
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
  node: { type: 'string', requiresArg: true, describe: 'The PoP to begin with (default: all of them)' },
  ...serverOptions,
  ...networkOptions,
  ...jsonOption,
} as const;

export default command(options, async (values) => {
  const { url, method = 'GET', header = [], node, json = false } = values;
  if (!URL.canParse(url) || !/^https?:\/\//.test(url))
    throw new UsageError(`explain takes a URL that begins with http:// or https://, not ${url}`);
  const fields = [...fieldsOf(header)];
  const order = { url, method, fields, ...(node === undefined ? {} : { nodes: [node] }) };
  const explain = async (ask: NonNullable<ReturnType<typeof serverAsker>>) =>
    networkExplanation.parse(await ask('POST', '/explain', order)).nodes;
  const remote = serverAsker(values);
  let nodes: readonly ExplainedNode[];
  if (remote) nodes = await explain(remote);
  else {
    const loaded = await loadOrExplain({ ...loadOptions(values), here: [], dryRun: true });
    if (loaded === undefined) return exit.failure;
    const { network } = loaded;
    if (node !== undefined) chosenNodes(network, [node]);
    const origin = await originHere(network);
    nodes = origin ? await explain(origin) : await explainedHere(network, { url, method, fields }, node);
    if (!origin) console.error(hereAlone);
  }
  if (json) console.log(JSON.stringify({ url, method: method.toUpperCase(), nodes }, null, 2));
  else process.stdout.write(explanationText(nodes));
  return exit.ok;
});

const hereAlone =
  'No origin runs here, so nodes of this machine alone were asked; --server https://…, with MERIDIAN_TOKEN, asks all of the network.';

/** Over the control API: a PoP, and then whom each node would ask first. */
async function explainedHere(
  network: Network,
  {
    url,
    method,
    fields,
  }: { readonly url: string; readonly method: string; readonly fields: [string, string][] },
  node: string | undefined,
): Promise<readonly ExplainedNode[]> {
  const given = new URL(url);
  const question: ExplainRequest = {
    method: method.toUpperCase(),
    base: given.origin,
    target: given.pathname + given.search,
    fields,
    tier: null,
  };
  const first = await firstOf(network, given, node);
  const tiers = await explained(network, first, question);
  return tiers.flatMap((said, at) => {
    const name = said[0]?.node;
    const known = name === undefined ? undefined : network.nodes[name];
    if (name === undefined || known === undefined) return [];
    const workers = said.map((one, number) => ({
      ...one,
      worker: said.length > 1 ? `${name}.${number + 1}` : name,
    }));
    const askedBy = tiers[at - 1]?.[0]?.node ?? null;
    return { node: name, role: known.role, state: 'answered', askedBy, isReached: true, workers, silent: [] };
  });
}

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
