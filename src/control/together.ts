/**
 * What the workers of a node say, as the one node that they are.
 */
import type { PurgeMessage, StatusMessage } from './messages.ts';

const purgingStates = ['current', 'behind', 'suspect'] as const;

/**
 * @param said by each worker, in the order of their numbers; `undefined` of one that does not answer.
 * Fails when none answers.
 */
export function statusTogether(said: readonly (StatusMessage | undefined)[]): StatusMessage {
  const up = said.filter((status) => status !== undefined);
  const [first] = up;
  if (first === undefined) throw new Error('no worker of the node answers');
  const sum = (of: (status: StatusMessage) => number) => up.reduce((total, status) => total + of(status), 0);
  const disks = up.flatMap(({ disk }) => disk ?? []);
  const purgings = up.flatMap(({ purging }) => purging ?? []);
  const worst = Math.max(...purgings.map(({ state }) => purgingStates.indexOf(state)));
  return {
    ...first,
    startedAtMs: Math.min(...up.map(({ startedAtMs }) => startedAtMs)),
    requests: sum(({ requests }) => requests),
    hits: sum(({ hits }) => hits),
    errors: sum(({ errors }) => numberOf(errors)),
    fills: sum(({ fills }) => fills),
    rssBytes: sum(({ rssBytes }) => rssBytes),
    memory: added(up.map(({ memory }) => memory)),
    disk: disks.length === 0 ? null : { ...added(disks), ...stateOf(disks) },
    purging: purgings.length === 0 ? null : { ...added(purgings), state: purgingStates[worst] ?? 'suspect' },
    bus: up.every(({ bus }) => bus !== 'disconnected') ? first.bus : 'disconnected',
    parents: first.parents.map(({ name }) => ({ name, healthy: up.every(isHealthy(name)) })),
    hot: hottest(up.flatMap(({ hot = [] }) => hot)),
    workers: said.map((status, at) =>
      status === undefined
        ? { worker: at + 1, state: 'down' }
        : { ...about(status), worker: at + 1, state: 'up' },
    ),
    ring: ringOf(up),
    predict: predictOf(up),
  };
}

/** What they do is added up, and of what they have found out about predictions the worst counts. */
function predictOf(up: readonly StatusMessage[]): StatusMessage['predict'] {
  const all = up.flatMap(({ predict }) => predict ?? []);
  const [first] = all;
  if (first === undefined) return up[0]?.predict;
  const worstFirst = all
    .flatMap(({ standings }) => standings)
    .toSorted((a, b) => b.threshold - a.threshold || (a.precision ?? 1) - (b.precision ?? 1));
  const standings = Map.groupBy(worstFirst, ({ source, route }) => `${source} ${route}`);
  return {
    ...added(all),
    goal: first.goal,
    learned: first.learned && added(all.flatMap(({ learned }) => learned ?? [])),
    standings: [...standings.values()].flatMap(([worst]) => worst ?? []),
  };
}

/** As all workers see it: one that any of them passes over is shown as passed over. */
function ringOf(up: readonly StatusMessage[]): StatusMessage['ring'] {
  const rings = up.map(({ ring }) => ring).filter((ring) => ring !== null && ring !== undefined);
  const [first] = rings;
  if (first?.members === undefined) return undefined;
  const isUp = (name: string) =>
    rings.every(({ members = [] }) => members.find((member) => member.name === name)?.isUp ?? true);
  const members = first.members.map((member) => ({ ...member, isUp: isUp(member.name) }));
  const { own: _, ...of } = added(rings);
  return { ...of, members };
}

/** What is worth knowing of each of them. */
function about({ pid, requests, hits, rssBytes, ring }: StatusMessage) {
  return { pid, requests, hits, rssBytes, ring };
}

/** All know of the same objects, or nearly so: who has heard of an object last may not have told yet. */
function hottest(said: NonNullable<StatusMessage['hot']>): NonNullable<StatusMessage['hot']> {
  const highestFirst = said.toSorted((a, b) => b.perSecond - a.perSecond);
  return [...new Map(highestFirst.toReversed().map((object) => [object.key, object])).values()].toReversed();
}

const isHealthy =
  (name: string) =>
  ({ parents }: StatusMessage): boolean =>
    parents.find((parent) => parent.name === name)?.healthy ?? true;

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** Numbers are added, and of all else the first is kept. */
function added<Of extends Readonly<Record<string, unknown>>>(all: readonly Of[]): Of {
  const [first] = all;
  if (first === undefined) throw new Error('nothing to add');
  const sums = Object.keys(first)
    .filter((name) => typeof first[name] === 'number')
    .map((name) => [name, all.reduce((sum, each) => sum + numberOf(each[name]), 0)]);
  return { ...first, ...Object.fromEntries(sums) };
}

/** That of the one that is not ready, if there is one. */
function stateOf(disks: readonly { readonly state?: string | undefined }[]): { readonly state?: string } {
  const state = disks.find((disk) => disk.state !== 'ready')?.state ?? disks[0]?.state;
  return state === undefined ? {} : { state };
}

/** Of a purge at each of the workers: the first refusal, or what all of them have done. */
export function purgesTogether(said: readonly PurgeMessage[]): PurgeMessage {
  const [first] = said;
  if (first === undefined) throw new Error('no worker of the node was asked');
  const refusal = said.find((message) => !('purged' in message));
  if (refusal !== undefined || !('purged' in first)) return refusal ?? first;
  const purged = first.purged.map((one, at) => {
    const same = said.flatMap((message) => ('purged' in message ? (message.purged[at] ?? []) : []));
    const isLost = same.some(({ recorded }) => recorded === 'memory');
    return { ...one, recorded: isLost ? ('memory' as const) : one.recorded };
  });
  return { purged };
}
