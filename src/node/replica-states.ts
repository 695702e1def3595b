/** How far nodes are with all lists of one group, all of their processes together. */
import type { NodeConfig } from '../config/network.ts';
import type { PrefetchList } from '../foresight.ts';
import { isMeant } from '../messages/prefetch.ts';
import type { ReplicaState } from '../messages/replication.ts';
import type { ProcessProgress } from '../prefetch/wire.ts';
import { progressSums } from './progress-sums.ts';

export type MeantNode = Pick<NodeConfig, 'name' | 'role' | 'ring'>;

export interface Told {
  readonly lists: readonly PrefetchList[];
  /** Whom they are for. */
  readonly to: readonly string[];
  /** There will be more of them. */
  readonly isGrowing: boolean;
}

export interface Network {
  readonly nodes: readonly MeantNode[];
  /** What processes have said last. */
  readonly heard: readonly ProcessProgress[];
  /** Names of the processes that live. */
  readonly living: readonly string[];
}

export function replicaStates({ lists, to, isGrowing }: Told, network: Network): readonly ReplicaState[] {
  const meant = network.nodes.filter(({ name, role }) => role !== 'origin' && isMeant(to, name));
  return meant.map((node) => replicaState(node, lists, isGrowing, network));
}

function replicaState(
  node: MeantNode,
  lists: readonly PrefetchList[],
  isGrowing: boolean,
  { nodes, heard, living }: Network,
): ReplicaState {
  // What one node of a ring shall have, any of them may keep.
  const together = nodes.filter(
    ({ name, ring }) => name === node.name || (ring && ring.name === node.ring?.name),
  );
  const isOf = (names: readonly MeantNode[], process: string) =>
    names.some(({ name }) => process === name || process.startsWith(`${name}.`));
  const processes = heard.filter((each) => together.some(({ name }) => name === each.node));
  const group = lists[0]?.group;
  const routes = new Set(lists.map(({ route }) => route));
  const own = processes.flatMap(({ groups }) =>
    groups.filter((each) => each.group === group && routes.has(each.route)),
  );
  const atMs = lists.reduce((newest, list) => Math.max(newest, list.atMs), 0);
  const live = living.filter((process) => isOf(together, process));
  const isBehind = live.some(
    (process) => (heard.find(({ worker }) => worker === process)?.lookedMs ?? 0) < atMs,
  );
  const sums = progressSums(own, processes);
  const known = { ...sums, wanted: Math.max(itemsIn(lists), sums.wanted) };
  const isThere = living.some((process) => isOf([node], process));
  return { node: node.name, state: isThere ? stateOf(known, isGrowing || isBehind) : 'away', ...known };
}

function stateOf(
  { wanted, present, missingBytes, beyondBytes, error }: Omit<ReplicaState, 'node' | 'state'>,
  isToCome: boolean,
): ReplicaState['state'] {
  if (isToCome) return 'coming';
  if (present >= wanted) return 'whole';
  if (error !== null) return 'failing';
  return beyondBytes > 0 && beyondBytes === missingBytes ? 'beyond' : 'coming';
}

function itemsIn(lists: readonly PrefetchList[]): number {
  const names = lists.flatMap(({ route, items }) =>
    items.map(({ target, accept = '' }) => `${route} ${target} ${accept}`),
  );
  return new Set(names).size;
}
