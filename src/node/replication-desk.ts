/** What nodes shall have, and what of it they say they have, joined for the API. */
import type { ReplicationDesk } from '../access/api/endpoint.ts';
import type { Bus } from '../bus.ts';
import type { NodeConfig } from '../config/network.ts';
import type { PrefetchItem, PrefetchList } from '../foresight.ts';
import { isMeant } from '../messages/prefetch.ts';
import type { ReplicaState, ReplicationState } from '../messages/replication.ts';
import { isOrdered, type Lists } from '../prefetch/lists.ts';
import { hearProgress } from '../prefetch/progress.ts';
import type { GroupProgress, ProcessProgress } from '../prefetch/wire.ts';
import type { Members } from '../purging/members.ts';
import { progressSums } from './progress-sums.ts';

type NodeName = Pick<NodeConfig, 'name' | 'role'>;
/** Of a network. */
interface Nodes {
  readonly nodes: Readonly<Record<string, NodeName>>;
}

export interface ReplicationDeskOptions {
  readonly lists: Lists;
  readonly bus: Bus;
  /** As the config in force has it. */
  readonly network: () => Nodes;
  readonly members: Pick<Members, 'known'>;
}

export interface OpenReplicationDesk extends ReplicationDesk {
  close(): void;
}

export function openReplicationDesk({
  lists,
  bus,
  network,
  members,
}: ReplicationDeskOptions): OpenReplicationDesk {
  const heard = hearProgress(bus);

  function stateOf(own: readonly PrefetchList[]): ReplicationState | null {
    const [first] = own;
    if (first === undefined) return null;
    const { route, group } = first;
    const items = new Map<string, PrefetchItem>();
    for (const list of own) for (const item of list.items) items.set(item.target, item);
    const living = new Set(members.known.keys());
    const nodes = nodesFor(own, network()).map((node) => {
      const processes = [...heard.all.values()].filter((each) => each.node === node.name);
      const meant = own.filter(({ to }) => isMeant(to, node.name));
      const told = {
        route,
        group,
        toldMs: newestOf(meant),
        isWhole: meant.every(({ error }) => error === null),
      };
      return replicaOf(node.name, processes, told, living);
    });
    return {
      ...{ route, group, lists: own.length, items: items.size },
      bytes: [...items.values()].reduce((sum, { bytes }) => sum + bytes, 0),
      atMs: newestOf(own),
      error: own.find(({ error }) => error !== null)?.error ?? null,
      nodes,
    };
  }

  return {
    state() {
      const own = [...lists.all].flatMap(([key, list]) => (isOrdered(key) ? [] : [list]));
      const groups = Map.groupBy(own, ({ route, group }) => `${route} ${group}`);
      const names = [...groups.keys()].sort();
      return names.flatMap((name) => stateOf(groups.get(name) ?? []) ?? []);
    },
    close: heard.close,
  };
}

function newestOf(lists: readonly PrefetchList[]): number {
  return lists.reduce((newest, { atMs }) => Math.max(newest, atMs), 0);
}

function nodesFor(lists: readonly PrefetchList[], { nodes }: Nodes): readonly NodeName[] {
  return Object.values(nodes).filter(
    ({ name, role }) => role !== 'origin' && lists.some(({ to }) => isMeant(to, name)),
  );
}

/** What a node has been told. */
interface Told {
  readonly route: string;
  readonly group: string;
  readonly toldMs: number;
  /** The origin could say all that it shall have. */
  readonly isWhole: boolean;
}

/** Of a node with several workers, what all of them together have. */
function replicaOf(
  node: string,
  processes: readonly ProcessProgress[],
  { route, group, toldMs, isWhole }: Told,
  living: ReadonlySet<string>,
): ReplicaState {
  const isOurs = (each: GroupProgress) => each.route === route && each.group === group;
  const own = processes.flatMap(({ groups }) => groups.filter(isOurs));
  const known = progressSums(own, processes);
  const lives = [...living].some((name) => name === node || name.startsWith(`${node}.`));
  // What a node says of what it was told before is not about what it has been told since.
  const isBehind = own.some(({ atMs }) => atMs < toldMs);
  return { node, state: lives ? stateOf(known, isBehind, isWhole) : 'away', ...known };
}

function stateOf(
  { wanted, present, missingBytes, beyondBytes, error }: Omit<ReplicaState, 'node' | 'state'>,
  isBehind: boolean,
  isWhole: boolean,
): ReplicaState['state'] {
  if (isBehind) return 'coming';
  if (wanted > 0 && present >= wanted) return 'whole';
  if (error !== null || !isWhole) return 'failing';
  return beyondBytes > 0 && beyondBytes === missingBytes ? 'beyond' : 'coming';
}
