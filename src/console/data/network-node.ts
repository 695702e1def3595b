/** A node as people think of it: its workers as one, and how it is in words. */
import type { Counts, NodeState } from './api.ts';
import { noCounts, scaled, sumOf, total } from './counts.ts';

export interface NetworkNode {
  readonly name: string;
  readonly role: NodeState['role'];
  readonly workers: readonly NodeState[];
  readonly startedMs: number;
  readonly heardMs: number;
  /** Heard of before, and not any more. */
  readonly isSilent: boolean;
  readonly versions: readonly string[];
  readonly urls: readonly string[];
  readonly parents: readonly string[];
  readonly place: NodeState['place'];
  /** As the API has it: `parent eu`, `bus`. */
  readonly trouble: readonly string[];
  /** Since it was started. */
  readonly counts: Counts;
  /** In a second of the last ones; nothing while it is silent, or has only just been started. */
  readonly perS: Counts;
  readonly memory: Store;
  readonly disk: Store | null;
  readonly rssBytes: number;
  readonly fills: number;
}

export type Store = NodeState['memory'];

export interface Health {
  readonly kind: 'good' | 'warn' | 'bad';
  readonly label: string;
  /** What is wrong, as sentences. */
  readonly reasons: readonly string[];
}

const ranks: Readonly<Record<NodeState['role'], number>> = { pop: 0, shield: 1, origin: 2 };

/** In the order of a request's way, and then by name. */
export function nodesOf(states: readonly NodeState[]): readonly NetworkNode[] {
  return [...Map.groupBy(states, ({ node }) => node).values()]
    .map(folded)
    .sort((a, b) => ranks[a.role] - ranks[b.role] || a.name.localeCompare(b.name));
}

function folded(all: readonly NodeState[]): NetworkNode {
  const alive = all.filter(({ silent }) => !silent);
  // What a worker that has gone said last is of no use beside what the others say now.
  const workers = alive.length === 0 ? all : alive;
  const each = <Of>(read: (state: NodeState) => readonly Of[]) => [...new Set(workers.flatMap(read))];
  const sum = (read: (state: NodeState) => number) => workers.reduce((so, state) => so + read(state), 0);
  const disks = workers.flatMap(({ disk }) => disk ?? []);
  const lost = all.filter(({ silent }) => silent && alive.length > 0).map(({ worker }) => `worker ${worker}`);
  return {
    name: all[0]?.node ?? '',
    role: all[0]?.role ?? 'pop',
    workers: [...all].sort((a, b) => a.worker - b.worker),
    startedMs: Math.min(...workers.map(({ startedMs }) => startedMs)),
    heardMs: Math.max(...all.map(({ heardMs }) => heardMs)),
    isSilent: alive.length === 0,
    versions: each(({ version }) => [version]),
    urls: each(({ urls }) => urls),
    parents: each(({ parents }) => parents),
    place: all.find(({ place }) => place !== null)?.place ?? null,
    trouble: [...each(({ trouble }) => trouble), ...lost],
    counts: sumOf(workers.map(({ counts }) => counts)),
    perS: sumOf(
      alive.map(({ recent }) => (recent === null ? noCounts : scaled(recent.counts, 1000 / recent.ms))),
    ),
    memory: storeOf(workers.map(({ memory }) => memory)),
    disk: disks.length === 0 ? null : storeOf(disks),
    rssBytes: sum(({ rssBytes }) => rssBytes),
    fills: sum(({ fills }) => fills),
  };
}

function storeOf(all: readonly Store[]): Store {
  return all.reduce((sum, { entries, bytes, limitBytes }) => ({
    entries: sum.entries + entries,
    bytes: sum.bytes + bytes,
    limitBytes: sum.limitBytes + limitBytes,
  }));
}

export function healthOf({ isSilent, trouble }: NetworkNode): Health {
  if (isSilent)
    return {
      kind: 'bad',
      label: 'Silent',
      reasons: ['It has not reported for a while: it is gone, or cut off from the bus.'],
    };
  if (trouble.length === 0) return { kind: 'good', label: 'Healthy', reasons: [] };
  return { kind: 'warn', label: 'Trouble', reasons: trouble.map(sentenceOf) };
}

function sentenceOf(trouble: string): string {
  if (trouble === 'bus') return 'It cannot reach the bus.';
  if (trouble.startsWith('parent ')) return `It passes over ${trouble.slice(7)}, which fails.`;
  if (trouble.startsWith('worker ')) return `Its ${trouble} has gone silent.`;
  return trouble;
}

export interface Arc {
  readonly child: NetworkNode;
  readonly parent: NetworkNode;
  /** The first parent that is up is asked; others stand by. */
  readonly isAsked: boolean;
  readonly requestsPerS: number;
  readonly bytesPerS: number;
}

const upward: ReadonlySet<string> = new Set(['shield', 'origin', 'remote']);

/** Who asks whom, and how much. */
export function arcsOf(nodes: readonly NetworkNode[]): readonly Arc[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return nodes.flatMap((child) => {
    const parents = child.parents.flatMap((name) => byName.get(name) ?? []);
    const isUp = (parent: NetworkNode) =>
      !parent.isSilent && !child.trouble.includes(`parent ${parent.name}`);
    const asked = child.isSilent ? undefined : parents.find(isUp);
    return parents.map((parent) => {
      const isAsked = parent === asked;
      const amount = (what: 'requests' | 'bytes') => (isAsked ? total(child.perS, what, upward) : 0);
      return { child, parent, isAsked, requestsPerS: amount('requests'), bytesPerS: amount('bytes') };
    });
  });
}

/** Pixels; an arc of the most that there is now is the widest. */
export function widthOf({ requestsPerS }: Arc, all: readonly Arc[]): number {
  const most = Math.max(...all.map((arc) => arc.requestsPerS), 1);
  return 1.25 + 4.75 * Math.sqrt(requestsPerS / most);
}
