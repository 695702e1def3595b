/** What somebody orders nodes to have before anybody asks for it: what that is is found out here, and nodes are told of it, for a while. */
import { randomBytes } from 'node:crypto';
import { administers } from '../access/api/administers.ts';
import type { PrefetchDesk } from '../access/api/endpoint.ts';
import type { Actor } from '../access/register/actor.ts';
import type { Bus } from '../bus.ts';
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import { isMeant } from '../messages/prefetch.ts';
import type { PrefetchOrder, PrefetchRecord, PrefetchState } from '../messages/prefetch-order.ts';
import { suggest } from '../messages/suggest.ts';
import type { Lists } from '../prefetch/lists.ts';
import { openOrders } from '../prefetch/orders.ts';
import { hearProgress } from '../prefetch/progress.ts';
import type { MetadataStore } from '../store.ts';
import { wantsOf } from './prefetch-wants.ts';
import { carryOut, type Working } from './prefetch-work.ts';
import type { Purger } from './purge.ts';
import { type MeantNode, replicaStates } from './replica-states.ts';
import type { Warm } from './warm.ts';

export interface PrefetchDeskOptions {
  readonly node: Purger;
  readonly lists: Lists;
  readonly metadata: MetadataStore;
  readonly bus: Bus;
  /** As the config in force has it. */
  readonly nodes: () => readonly MeantNode[];
  /** What the config says. */
  readonly warm: Pick<Warm, 'records'>;
}

export interface OpenPrefetchDesk extends PrefetchDesk {
  close(): Promise<void>;
}

/** Between two looks for what has expired. */
const lookMs = 30_000;
/** Orders that are looked at, at a time. */
const mostWorking = 16;
/** Of what nobody is told, as of a dry run: those that are remembered. */
const mostRemembered = 64;

const stopped = 'the origin was stopped before it had looked at all of it: order it again';

interface Work {
  record: PrefetchRecord;
  readonly stop: AbortController;
  ended: Promise<void>;
}

export function openPrefetchDesk({
  node,
  lists,
  metadata,
  bus,
  nodes,
  warm,
}: PrefetchDeskOptions): OpenPrefetchDesk {
  const heard = hearProgress(bus);
  const { clock, log } = node;
  const orders = openOrders(metadata);
  const works = new Map<string, Work>();
  let isClosed = false;

  const isFor = (identity: Identity | null, { by }: PrefetchRecord) =>
    identity === null || administers(identity) || by === identity.name;

  /** Of this origin, by which it was not looked at to the end. */
  const isLeft = ({ id, state, origin }: PrefetchRecord) =>
    state === 'looking' && origin === node.name && !works.has(id);

  async function found(id: string, identity: Identity | null): Promise<PrefetchRecord | null> {
    const said = warm.records.find((each) => each.id === id);
    const record = said ?? works.get(id)?.record ?? (await orders.find(id));
    return record !== null && isFor(identity, record) && !isOver(record, clock) ? record : null;
  }

  function stateOf(record: PrefetchRecord): PrefetchState {
    const own = [...lists.ordered.told()].filter(([name]) => name.startsWith(`${record.id}/`));
    const told = { lists: own.map(([, list]) => list), to: record.to, isGrowing: record.state === 'looking' };
    const living = [...node.purging.members.known.keys()];
    const states = replicaStates(told, { nodes: nodes(), heard: [...heard.all.values()], living });
    return { ...record, nodes: record.dryRun ? [] : states };
  }

  async function forget(id: string): Promise<void> {
    works.get(id)?.stop.abort();
    await works.get(id)?.ended;
    works.delete(id);
    await orders.remove(id);
    for (const name of lists.ordered.told().keys())
      if (name.startsWith(`${id}/`)) await lists.ordered.forget(name);
  }

  /** What has expired, what nobody knows of any more, and what was not looked at to the end by an origin that was stopped. */
  async function tidy(): Promise<void> {
    await lists.ordered.ready;
    const known = await orders.all();
    for (const record of known) {
      if (isOver(record, clock)) await forget(record.id);
      else if (isLeft(record)) await orders.replace({ ...record, state: 'failed', error: stopped });
    }
    const ids = new Set(known.map(({ id }) => id));
    for (const [name, { untilMs = Infinity }] of lists.ordered.told())
      if (untilMs <= clock.now() && !ids.has(name.split('/')[0] ?? '')) await lists.ordered.forget(name);
    for (const [id, { record }] of works)
      if (works.size > mostRemembered && record.state !== 'looking') works.delete(id);
  }

  let cancel = () => {};
  function later(): void {
    if (isClosed) return;
    cancel = clock.after(lookMs, () => {
      tidy()
        .catch((error) => log.warn('what was to be prefetched for a while could not be let go of', { error }))
        .finally(later);
    });
  }
  later();

  async function begin(order: PrefetchOrder, whom: Whom): Promise<PrefetchRecord> {
    const running = [...works.values()].filter(({ record }) => record.state === 'looking');
    if (running.length >= mostWorking)
      throw new MeridianError('overloaded', `${mostWorking} orders are being looked at already`);
    requireNodes(order.to, nodes());
    const wants = wantsOf(order, node.site);
    if (wants.length === 0)
      throw new MeridianError('request-malformed', 'nothing is ordered: give versions or addresses');
    const record = recordOf(order, wants.length, whom.actor, node);
    if (!order.dryRun) await orders.add(record);
    const work: Work = { record, stop: new AbortController(), ended: Promise.resolve() };
    works.set(record.id, work);
    const working: Working = {
      ...{ node, lists, orders, order, wants, identity: whom.identity, signal: work.stop.signal },
      record: () => work.record,
      update: (next) => {
        work.record = next;
      },
      forget,
    };
    work.ended = carryOut(working).then(() => audit(node, whom.actor, 'prefetch.order', work.record));
    return record;
  }

  return {
    order: async (order, whom) => stateOf(await begin(order, whom)),
    async find(id, identity) {
      const record = await found(id, identity);
      return record && stateOf(record);
    },
    async all(identity) {
      const known = (await orders.all()).map((each) => works.get(each.id)?.record ?? each);
      const own = [...warm.records, ...known].filter((each) => isFor(identity, each) && !isOver(each, clock));
      return own.sort((a, b) => b.atMs - a.atMs).map(stateOf);
    },
    async remove(id, { identity, actor }) {
      const record = await found(id, identity);
      if (record === null) return false;
      if (warm.records.some((each) => each.id === id))
        throw new MeridianError('kept-as-it-is', `${id} is what the config has nodes always have (\`warm\`)`);
      await forget(id);
      await audit(node, actor, 'prefetch.remove', record);
      return true;
    },
    async close() {
      isClosed = true;
      cancel();
      heard.close();
      for (const { stop } of works.values()) stop.abort();
      await Promise.all([...works.values()].map(({ ended }) => ended));
    },
  };
}

interface Whom {
  readonly identity: Identity | null;
  readonly actor: Actor;
}

function isOver({ untilMs }: PrefetchRecord, clock: Clock): boolean {
  return untilMs !== null && untilMs <= clock.now();
}

/** @throws `request-malformed` for a name that is no node's. */
function requireNodes(to: readonly string[], nodes: readonly MeantNode[]): void {
  const known = nodes.flatMap(({ name, role }) => (role === 'origin' ? [] : [name]));
  for (const pattern of to) {
    if (known.some((name) => isMeant([pattern], name))) continue;
    const { hint = `There are: ${known.join(', ')}.` } = suggest(pattern, known);
    throw new MeridianError('request-malformed', `${pattern} is no PoP or shield of this network. ${hint}`);
  }
}

function recordOf(
  { to, name, forS, dryRun }: PrefetchOrder,
  wanted: number,
  { by }: Actor,
  { clock, name: origin }: Purger,
): PrefetchRecord {
  const atMs = clock.now();
  return {
    ...{ id: randomBytes(6).toString('hex'), name, by, to, dryRun, atMs, untilMs: atMs + forS * 1000 },
    ...{ state: 'looking', origin, wanted, looked: 0, items: 0, bytes: 0 },
    ...{ refused: [], refusedCount: 0, error: null },
  };
}

/** What was done stands, whether it could be written down or not. */
async function audit(
  { clock, site, log }: Purger,
  actor: Actor,
  what: string,
  record: PrefetchRecord,
): Promise<void> {
  const { id, name, to, items, bytes, refusedCount, dryRun, state } = record;
  if (dryRun) return;
  const detail = { items, bytes, refused: refusedCount, state, ...(name !== null && { name }) };
  const event = { ...actor, what, subject: `${id} to ${to.join(', ')}`.slice(0, 1_000), detail };
  await site.services?.register
    .appendAudit([{ ...event, atMs: clock.now() }])
    .catch((error: unknown) => log.warn('the audit log cannot be written', { error }));
}
