/**
 * What would become of a request all over the network: PoPs are asked what they would do with it, and then the nodes behind
 * them, each what it would do with what a node before it would ask, also where that one has an answer of its own.
 */
import type { Explainer } from '../access/api/endpoint.ts';
import type { Network, NodeConfig } from '../config/network.ts';
import { MeridianError } from '../errors.ts';
import type { Answers, Asker } from '../explaining/ask.ts';
import { withoutSecrets } from '../explaining/bounded.ts';
import { maxQuestions, type Round } from '../explaining/wire.ts';
import type {
  ExplainedNode,
  ExplainOrder,
  ExplainRequest,
  NetworkExplanation,
} from '../messages/explanation.ts';
import type { Members } from '../purging/members.ts';

/** Nodes behind each other. */
const mostTiers = 8;

export interface ExplainerOptions {
  readonly asker: Asker;
  /** As the config in force has it. */
  readonly network: () => Network;
  readonly members: Pick<Members, 'known' | 'isSettled'>;
  /** Addresses that a node says it listens at. */
  readonly urlsOf: (node: string) => readonly string[];
  readonly elapsed: () => number;
}

export function openExplainer(options: ExplainerOptions): Explainer {
  const { asker, members } = options;

  /** Those of a node's processes that live. */
  function processesOf(node: string): readonly string[] {
    return [...members.known.keys()].filter((name) => name === node || name.startsWith(`${node}.`));
  }

  /** Before this origin can have heard of everybody, somebody may be missing of whom it does not know. */
  function isAnswered(node: string, answers: Answers): boolean {
    return members.isSettled && processesOf(node).every((name) => answers.has(name));
  }

  async function ask(asked: readonly Asked[]): Promise<ExplainedNode[]> {
    const questions = together(asked);
    const names = questions.flatMap(({ to }) => to);
    const answers =
      names.length === 0
        ? new Map()
        : await asker.ask(questions, (so) => names.every((node) => isAnswered(node, so)));
    return asked.map((one) => explainedNode(one, answers, processesOf(one.node.name)));
  }

  async function explain(order: ExplainOrder): Promise<NetworkExplanation> {
    const startedMs = options.elapsed();
    const { nodes } = options.network();
    const request = requestOf(order, options);
    const pops = popsOf(nodes, order.nodes);
    const done = new Map<string, ExplainedNode>();
    for (const tier of tiersOf(nodes, pops)) {
      const asked = tier.map((node) => ({ node, ...askedOf(node, nodes, done, request) }));
      for (const explained of await ask(asked)) done.set(explained.node, explained);
    }
    const isAll = order.nodes === undefined;
    const others = Object.values(nodes).filter(({ name }) => isAll && !done.has(name));
    const unasked = others.map((node) => explainedNode({ node, ...nobodyAsks }, new Map(), []));
    const explained = [...done.values(), ...unasked];
    return {
      url: request.base + request.target,
      method: request.method,
      nodes: roles.flatMap((role) => explained.filter((node) => node.role === role)),
      tookMs: options.elapsed() - startedMs,
    };
  }

  return { explain };
}

const roles = ['pop', 'shield', 'origin'] as const;

interface Asked {
  readonly node: NodeConfig;
  /** `null`: nobody would ask it. */
  readonly request: ExplainRequest | null;
  readonly askedBy: string | null;
  readonly isReached: boolean;
}

const nobodyAsks = { request: null, askedBy: null, isReached: false };

function requestOf(order: ExplainOrder, { network, urlsOf }: ExplainerOptions): ExplainRequest {
  const { url, path = '', node = '', method, fields } = order;
  if (url === undefined && !Object.hasOwn(network().nodes, node)) throw noNode(node);
  const base = url === undefined ? (urlsOf(node)[0] ?? network().nodes[node]?.url) : undefined;
  const whole = url ?? (base && URL.parse(path, base)?.href);
  const given = whole ? URL.parse(whole) : null;
  if (given === null) throw new MeridianError('request-malformed', `the address of ${node} is not known`);
  const request: ExplainRequest = {
    method: method.toUpperCase(),
    base: given.origin,
    target: given.pathname + given.search,
    fields: withoutSecrets(fields),
    tier: null,
  };
  if (isRequest(request)) return request;
  throw new MeridianError('request-malformed', 'no client can send a request of this method or these fields');
}

function isRequest({ base, method, fields }: ExplainRequest): boolean {
  try {
    const headers = new Headers(fields.map(([name, value]): [string, string] => [name, value]));
    return new Request(base, { method, headers }).method === method;
  } catch {
    return false; // which is all that there is to know
  }
}

function noNode(name: string): MeridianError {
  return new MeridianError('request-malformed', `the network has no node ${name}`);
}

function popsOf(nodes: Network['nodes'], names: readonly string[] | undefined): readonly NodeConfig[] {
  if (names === undefined) return Object.values(nodes).filter(({ role }) => role === 'pop');
  return names.map((name) => {
    const node = Object.hasOwn(nodes, name) ? nodes[name] : undefined;
    if (node === undefined) throw noNode(name);
    if (node.role === 'pop') return node;
    throw new MeridianError('request-malformed', `${name} is no PoP, where requests begin`);
  });
}

/** Each node in a later tier than all that may ask it. */
function tiersOf(nodes: Network['nodes'], pops: readonly NodeConfig[]): readonly (readonly NodeConfig[])[] {
  const tierOf = new Map<NodeConfig, number>();
  let next = pops;
  for (let tier = 0; tier < mostTiers && next.length > 0; tier++) {
    for (const node of next) tierOf.set(node, tier);
    const parents = new Set(next.flatMap((node) => node.parents));
    next = [...parents].flatMap((name) => nodes[name] ?? []);
  }
  return Array.from({ length: mostTiers }, (_, tier) =>
    [...tierOf].flatMap(([node, of]) => (of === tier ? [node] : [])),
  );
}

/** By whom a node would be asked, and for what. */
function askedOf(
  { name, role }: NodeConfig,
  nodes: Network['nodes'],
  done: ReadonlyMap<string, ExplainedNode>,
  client: ExplainRequest,
): Omit<Asked, 'node'> {
  if (role === 'pop') return { request: client, askedBy: null, isReached: true };
  const before = [...done.values()].filter((child) => nodes[child.node]?.parents.includes(name));
  const asking = before.flatMap((child) => {
    const [asks] = child.workers.flatMap((worker) => worker.asks ?? []);
    return asks ? [{ child, asks, isReached: isAskedBy(child, asks.parents, name) }] : [];
  });
  const first = asking.find(({ isReached }) => isReached) ?? asking[0];
  if (first) return { request: first.asks.question, askedBy: first.child.node, isReached: first.isReached };
  // Where nobody before it answers, it is asked what a client would.
  const isCutOff = before.length > 0 && before.every(({ state }) => state !== 'answered');
  return isCutOff ? { ...nobodyAsks, request: client } : nobodyAsks;
}

/** What one worker has, the others get from it. */
function isAskedBy(
  { isReached, workers }: ExplainedNode,
  parents: readonly { readonly name: string; readonly isUp: boolean }[],
  name: string,
): boolean {
  const isHere = workers.some(({ would }) => would === 'hit' || would === 'stale');
  return isReached && !isHere && parents.find(({ isUp }) => isUp)?.name === name;
}

/** Nodes that are asked for the same are asked together; what is beyond the bound is not asked for. */
function together(asked: readonly Asked[]): Round['questions'] {
  const byRequest = new Map<string, { readonly to: string[]; readonly request: ExplainRequest }>();
  for (const { node, request } of asked) {
    if (request === null) continue;
    const { tier, ...same } = request;
    const name = JSON.stringify([same, tier?.route]);
    const known = byRequest.get(name);
    if (known) known.to.push(node.name);
    else byRequest.set(name, { to: [node.name], request });
  }
  return [...byRequest.values()].slice(0, maxQuestions);
}

function explainedNode(
  { node: { name, role }, request, askedBy, isReached }: Asked,
  answers: Answers,
  processes: readonly string[],
): ExplainedNode {
  const own = [...answers].filter(([, answer]) => answer.node === name);
  const workers = own
    .map(([worker, explanation]) => ({ ...explanation, worker }))
    .sort((a, b) => a.worker.localeCompare(b.worker, 'en', { numeric: true }));
  const silent = request === null ? [] : processes.filter((process) => !answers.has(process));
  return { node: name, role, state: stateOf(), askedBy, isReached, workers, silent };

  function stateOf(): ExplainedNode['state'] {
    if (request === null) return 'unasked';
    if (workers.length > 0) return 'answered';
    return processes.length > 0 ? 'silent' : 'gone';
  }
}
